"""`carsim info`: what a report of a problem should say: versions, cores, the cache of compiled kernels."""

from __future__ import annotations

import platform
from typing import Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json


@click.command("info")
@click.option("--clear-cache", is_flag=True, help="Remove compiled kernels; the next run compiles them again.")
@options.as_json
@options.told
def command(clear_cache: bool, as_json: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Print versions, cores and the cache of compiled kernels."""
    from carsim.engines import cache

    if clear_cache:
        freed = cache.clear()
        if not quiet and not as_json:
            click.echo(f"Removed {freed / 1e6:.1f} MB of compiled kernels from {cache.root()}", err=True)
    found = facts()
    if as_json:
        print_json(found)
    elif not quiet:
        for name, value in found.items():
            click.echo(
                f"{name:<14}{', '.join(f'{k} {v}' for k, v in value.items()) if isinstance(value, dict) else value}"
            )
    return DONE


def facts() -> dict[str, Any]:
    """Versions, processor and cache, by name."""
    from carsim.dataset.provenance import dependency_versions, version
    from carsim.engines import cache
    from carsim.engines.blocks import processors

    return {
        "carsim": version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": processors(),
        "packages": dependency_versions(),
        "cache": str(cache.root()),
        "cache_bytes": cache.size(),
        "cache_limit": cache.LIMIT,
        "cache_parts": _parts(),
    }


def _parts() -> dict[str, int]:
    """Bytes of each kernel and set of laws that this version has compiled, and of all that other versions have."""
    from carsim.engines import cache

    own = cache.path().name
    found: dict[str, int] = {}
    for part in cache.parts():
        name = part.name if part.version == own else "other versions"
        found[name] = found.get(name, 0) + part.size
    return dict(sorted(found.items()))
