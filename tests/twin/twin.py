"""The core biology once more, in plain SciPy: the independent twin that the package is checked against.

Written from the equations alone: it imports nothing of the package, shares no table, no template and no solver with it.
Parameters are a plain dictionary; what depends on the costimulatory domain is given per product. Time in days, t = 0 at
the first CAR T infusion; cells are counts per site; "/uL" where a name says so. Doses and ends of drug infusions are
restarts of the integration, and a clone that falls below one cell is set to zero there and then (the extinction event).
A clone of less than one cell does not divide: it begins to when what others lose to it adds up to one cell.

Order of a run: `initial_state`, pieces between breakpoints by `scipy.integrate.solve_ivp`, daily states, `observe`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from . import toxicity

SITES = ("marrow", "blood", "CNS", "extramedullary")  # the first two always, the others where there is disease
PHENOTYPES = ("infused", "activated", "effector", "memory", "exhausted")
HOST = ("progenitor_b", "marrow_b", "blood_b", "host_t", "cytokine", "prol", "transit1", "transit2", "transit3", "anc")
DRUGS = ("flu_central", "flu_second", "flu_third", "flu_effect", "flu_auc", "cy")
FLUDARABINE_PER_PHOSPHATE = 285.23 / 365.21  # molar masses of F-ara-A and of its phosphate, g/mol
INFUSION_DAYS = 1.0 / 24.0


def state_names(products: list[dict], clones: list[dict], sites: tuple[str, ...]) -> list[str]:
    """Names of the states in the order of the state vector."""
    names = [f"{g['name']}.{f}.{s}" for g in products for s in sites for f in PHENOTYPES]
    names += [f"{c['name']}.{s}" for c in clones for s in sites]
    names += list(HOST) + list(DRUGS) + [f"{g['name']}.immunity" for g in products]
    return names + list(toxicity.NAMES)


def mean_recognition(median: float, log_sd: float, half_density: float, steepness: float) -> float:
    """Mean of D^n/(D^n + EC50^n) over a log-normal density D."""
    centre = math.log(median / half_density)

    def weighted(z: float) -> float:
        hill = 1.0 / (1.0 + math.exp(-steepness * (centre + log_sd * z)))
        return hill * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    return quad(weighted, -12.0, 12.0, epsabs=1e-14, epsrel=1e-13, limit=400)[0]


def recognition(arms: dict, densities: dict) -> float:
    """Share of cells with these antigen densities that a product with these arms sees.

    arms: antigen -> {half_density, steepness, efficiency}; densities: antigen -> (median, log_sd) or None where absent.
    """
    unseen = 1.0
    for antigen, arm in arms.items():
        density = densities.get(antigen)
        if density is not None:
            seen = mean_recognition(density[0], density[1], arm["half_density"], arm["steepness"])
            unseen *= 1.0 - arm["efficiency"] * seen
    return 1.0 - unseen


def filtration_limit(age: float) -> float:
    """Highest eGFR (mL/min/1.73 m2) at an age (y): 35 at birth, 140 from 1.5 to 30 y, then -8 per decade."""
    if age < 1.5:
        return 35.0 + (140.0 - 35.0) * age / 1.5
    return 140.0 - 0.8 * max(0.0, age - 30.0)


def drug_kinetics(p: dict, cov: dict) -> dict:
    """Rate constants (1/d) and volumes (L) of fludarabine and cyclophosphamide in this patient."""
    size = cov["weight"] / p["reference_weight"]
    flow_scale = size ** p["allometric_exponent"]
    egfr = min(cov["egfr"], filtration_limit(cov["age"]))
    clearance = (p["fludarabine_clearance_base"] + p["fludarabine_clearance_egfr"] * egfr) * flow_scale
    clearance *= cov["fludarabine_clearance_offset"]
    v1, v2, v3 = (p[f"fludarabine_volume_{name}"] * size for name in ("central", "shallow", "deep"))
    q2, q3 = (p[f"fludarabine_flow_{name}"] * flow_scale for name in ("shallow", "deep"))
    body = (cov["bsa"] / p["cyclophosphamide_reference_surface"]) ** p["cyclophosphamide_exponent"]
    return {
        "v1": v1, "k10": clearance / v1, "k12": q2 / v1, "k21": q2 / v2, "k13": q3 / v1, "k31": q3 / v3,
        "cy_volume": p["cyclophosphamide_volume"] * body,
        "cy_out": p["cyclophosphamide_clearance"] / p["cyclophosphamide_volume"],
    }  # fmt: skip


class Twin:
    """One patient: constants worked out once, then the right-hand side."""

    def __init__(
        self, p: dict, cov: dict, clones: list[dict], products: list[dict], disease: dict, lineage: dict | None
    ) -> None:
        """Take parameters, covariates, clones, products, disease at further sites and lineage (see `simulate`)."""
        self.p, self.cov, self.clones, self.products, self.disease = p, cov, clones, products, disease
        self.sites = tuple(site for site in SITES if site in ("marrow", "blood", *disease))
        self.names = state_names(products, clones, self.sites)
        self.size = cov["weight"] / p["reference_weight"]
        per_weight = {"marrow": "marrow", "blood": "blood", "CNS": "meningeal", "extramedullary": "extramedullary"}
        self.volume = tuple(p[f"{per_weight[site]}_volume_per_weight"] * cov["weight"] for site in self.sites)
        self.marrow_cells = p["marrow_cells"] * self.size
        self.drug = drug_kinetics(p, cov)
        self.seen = [[recognition(g["arms"], c["densities"]) for c in clones] for g in products]
        self.seen_b = [recognition(g["arms"], p["bcell_densities"]) for g in products]
        lineage = self.usual_lineage() if lineage is None else lineage
        index = {c["name"]: i for i, c in enumerate(clones)}
        self.loss = [(index[source], index[target], share) for source, target, share in lineage["loss"]]
        self.exchange = [(index[a], index[b], there, back) for a, b, there, back in lineage["exchange"]]
        self.per_product, self.per_clone = 5 * len(self.sites), len(self.sites)
        self.first_clone = self.per_product * len(products)
        self.first_host = self.first_clone + self.per_clone * len(clones)
        self.first_drug = self.first_host + len(HOST)
        self.first_immune = self.first_drug + len(DRUGS)
        self.first_toxic = self.first_immune + len(products)
        self.flu_rate = self.cy_rate = 0.0  # infusions running now, mg/d
        self.present = [True] * len(clones)  # whether a clone has at least one cell, and so divides

    def usual_lineage(self) -> dict:
        """CD19 is lost for good by the positive clone and the dim one; the positive one dims and recovers."""
        names = {c["state"]: c["name"] for c in self.clones}
        loss, exchange = [], []
        if "absent" in names:
            losers = [names[state] for state in ("positive", "dim") if state in names]
            loss = [(loser, names["absent"], self.p["antigen_loss.CD19"]) for loser in losers]
        if "dim" in names and "positive" in names:
            rates = (self.p["antigen_dimming.CD19"], self.p["antigen_recovery.CD19"])
            exchange = [(names["positive"], names["dim"], *rates)]
        return {"loss": loss, "exchange": exchange}

    def marrow_blasts_for(self, fraction: float, healthy_b: float) -> float:
        """Marrow blasts that make up this fraction of the nucleated marrow, from the crowded normal marrow."""
        if fraction <= 0.0:
            return 0.0
        k = self.marrow_cells

        def excess(log_cells: float) -> float:
            cells = math.exp(log_cells)
            return cells / (cells + k / (1.0 + cells / k) ** 2 + healthy_b) - fraction

        return math.exp(brentq(excess, math.log(1e-3), math.log(1e16), xtol=1e-15, rtol=1e-15))

    def initial_state(self) -> tuple[np.ndarray, list[tuple[float, str]]]:
        """State before any treatment, and the clones that start extinct (below one cell)."""
        p, cov, size = self.p, self.cov, self.size
        y = np.zeros(len(self.names))
        progenitors = p["bcell_production"] / p["bcell_commitment"] * size
        marrow_b = cov["bcell_initial"] * p["bcell_capacity"] * size
        blasts = self.marrow_blasts_for(cov["marrow_blasts"], progenitors + marrow_b)
        extinct = []
        for i, clone in enumerate(self.clones):
            marrow = blasts * clone["fraction"]
            blood = marrow * p["blast_egress.marrow"] / (p["blast_homing.marrow"] + clone["birth"] - clone["death"])
            cells = [marrow, blood, *(self.diseased(site) * clone["fraction"] for site in self.sites[2:])]
            self.present[i] = sum(cells) >= 1.0
            if not self.present[i]:
                cells = [0.0] * len(cells)
                extinct.append((math.nan, clone["name"]))
            o = self.first_clone + self.per_clone * i
            y[o : o + self.per_clone] = cells
        load = y[self.first_clone : self.first_host : self.per_clone].sum()
        set_point = cov["neutrophil_base"] / (1.0 + load / self.marrow_cells) ** 2
        cytokine = 1.0 / (1.0 + cov["host_t_cells"] / p["cytokine_half"])
        blood_b = marrow_b * p["bcell_maturation"] / p["bcell_death"]
        host_t = cov["host_t_cells"] * self.volume[1]
        y[self.first_host : self.first_drug] = [progenitors, marrow_b, blood_b, host_t, cytokine] + [set_point] * 5
        y[self.first_toxic :] = toxicity.at_rest(p, cov, load / self.marrow_cells)
        for g, product in enumerate(self.products):
            y[self.first_immune + g] = min(1.0, self.precursors(product))
        return y, extinct

    def diseased(self, site: str) -> float:
        """Leukaemic cells at a further site: those in the fluid and those on the meninges, or as stated."""
        if site == "CNS":
            fluid = self.p["csf_volume_per_weight"] * self.cov["weight"]
            return self.disease[site] * fluid / self.p["csf_free_share"]
        return self.disease[site]

    def rhs(self, _t: float, y: np.ndarray) -> np.ndarray:
        """Time derivative of every state."""
        d = [0.0] * len(y)
        y = y.tolist()
        progenitors, b_marrow, b_blood, host_t, cytokine = y[self.first_host : self.first_host + 5]
        b_site = (b_marrow, b_blood, 0.0, 0.0)
        starts = [self.per_product * g for g in range(len(self.products))]
        cart = [sum(sum(y[o + 5 * s : o + 5 * s + 5]) for o in starts) for s in range(len(self.sites))]
        kill, kill_b, encounters = self.car_t(y, d, cart, b_site, cytokine)
        flu, cy = y[self.first_drug + 3], y[self.first_drug + 5] / self.drug["cy_volume"]
        load = self.leukaemia(y, d, kill, flu, cy)
        self.b_cells(d, progenitors, b_marrow, b_blood, kill_b, flu, cy)
        self.host_t_cells(d, host_t, cytokine, cart[1], flu, cy)
        self.neutrophils(y, d, load, flu, cy)
        self.immunity(y, d, host_t, flu, cy)
        self.drugs(y, d)
        drug = self.p["flu_kill_progenitors"] * flu + self.p["cy_kill_progenitors"] * cy
        blood, burden, o = self.volume[1], load / self.marrow_cells, self.first_toxic
        d[o:] = toxicity.derivative(self.p, self.cov, y[o:], encounters / blood, burden, b_blood / blood, drug)
        if "CNS" in self.sites:  # CAR T cells that float in the fluid
            csf = self.p["csf_free_share"] * cart[self.sites.index("CNS")]
            csf /= self.p["csf_volume_per_weight"] * self.cov["weight"]
            d[o + toxicity.NAMES.index("icans")] += toxicity.from_the_fluid(self.p, csf)
        return np.array(d)

    def car_t(self, y: list, d: list, cart: list, b_site: tuple, cytokine: float) -> tuple[list, list, float]:
        """CAR T cells of every product and site; returns kill rates (1/d) per clone and site, and of B cells.

        The third value is what sets cytokines free: kills and stimulated effectors, weighted by product (cells/d).
        """
        p = self.p
        drive = p["drive_floor"] + (1.0 - p["drive_floor"]) * cytokine
        kill = [[0.0] * len(self.sites) for _ in self.clones]
        kill_b = [0.0] * len(self.sites)
        encounters = 0.0
        for g, product in enumerate(self.products):
            for s in range(len(self.sites)):
                o = self.per_product * g + 5 * s
                u, a, e, m, x = y[o : o + 5]
                antigen = self.seen_b[g] * b_site[s]
                for i in range(len(self.clones)):
                    antigen += self.seen[g][i] * y[self.first_clone + self.per_clone * i + s]
                volume = self.volume[s]
                stimulation = antigen / (p["antigen_half"] * volume + antigen + p["car_interference"] * cart[s])
                rest = 1.0 - stimulation
                activation = p["activation"] * stimulation * u
                programme = p["programme"] * a
                division = product["effector_division"] * drive * stimulation * e
                contraction = product["effector_death"] * e
                formation = product["memory_formation"] * rest * e
                recall = product["memory_recall"] * stimulation * m
                renewal = product["memory_renewal"] * drive * rest * m
                exhaustion = product["exhaustion"] * stimulation * e
                d[o] += -activation - p["infused_death"] * u
                d[o + 1] += activation - programme - p["infused_death"] * a
                d[o + 2] += programme + division - contraction - formation + recall - exhaustion
                d[o + 3] += formation - recall + renewal - product["memory_death"] * m
                d[o + 4] += exhaustion - product["exhausted_death"] * x
                killers = e + p["memory_killing"] * m + p["exhausted_killing"] * x
                hazard = p["kill_max"] * killers
                hazard /= p["kill_half"] * volume + cart[s] + p["target_saturation"] * antigen
                for i in range(len(self.clones)):
                    kill[i][s] += hazard * self.seen[g][i]
                kill_b[s] += hazard * self.seen_b[g]
                meetings = hazard * antigen + p["release_per_stimulated"] * stimulation * e
                encounters += product["cytokine_release"] * meetings
            for s in (s for s in range(len(self.sites)) if s != 1):
                for f in range(5):
                    here, blood = self.per_product * g + 5 * s + f, self.per_product * g + 5 + f
                    entering = p[f"cart_homing.{self.sites[s]}"] * y[blood]
                    entering -= p[f"cart_egress.{self.sites[s]}"] * y[here]
                    d[here] += entering
                    d[blood] -= entering
        return kill, kill_b, encounters

    def leukaemia(self, y: list, d: list, kill: list, flu: float, cy: float) -> float:
        """Clones: growth, crowding, loss and dimming, killing, drugs, traffic; returns the marrow load."""
        p, first, step = self.p, self.first_clone, self.per_clone
        loads = [sum(y[first + s : self.first_host : step]) for s in range(step)]
        limits = [p[f"blast_capacity.{site}"] * self.size for site in self.sites if site != "blood"]
        crowding = [load / limit for load, limit in zip([loads[0], *loads[2:]], limits, strict=True)]
        crowding.insert(1, crowding[0])  # blood is an overflow of marrow
        drug = p["flu_kill_blasts"] * flu + p["cy_kill_blasts"] * cy
        for i, clone in enumerate(self.clones):
            net = clone["birth"] - clone["death"]
            killed = 1.0 - clone.get("death_resistance", 0.0)
            for s in range(step):
                o = first + step * i + s
                cells = y[o]
                birth = clone["birth"] * cells if self.present[i] else 0.0
                hazard = killed * kill[i][s] + drug
                d[o] += birth - clone["death"] * cells - net * crowding[s] * cells - hazard * cells
                for _, target, share in (item for item in self.loss if item[0] == i):
                    d[o] -= share * birth  # the mother stays; the other daughter joins the other clone
                    d[first + step * target + s] += share * birth
            blood = first + step * i + 1
            for s in (s for s in range(step) if s != 1):
                o = first + step * i + s
                out = p[f"blast_egress.{self.sites[s]}"] * y[o] - p[f"blast_homing.{self.sites[s]}"] * y[blood]
                d[o] -= out
                d[blood] += out
        for bright, dim, there, back in self.exchange:
            for s in range(step):
                here, other = first + step * bright + s, first + step * dim + s
                dimming = there * y[here] - back * y[other]
                d[here] -= dimming
                d[other] += dimming
        return loads[0]

    def b_cells(self, d: list, early: float, marrow: float, blood: float, kill: list, flu: float, cy: float) -> None:
        """CD19-negative progenitors, CD19-positive marrow B cells, mature blood B cells."""
        p, o = self.p, self.first_host
        drug = p["flu_kill_lymphocytes"] * flu + p["cy_kill_lymphocytes"] * cy
        committed = p["bcell_commitment"] * early
        matured = p["bcell_maturation"] * marrow
        crowding = p["bcell_growth"] * marrow * marrow / (p["bcell_capacity"] * self.size)
        d[o] = p["bcell_production"] * self.size - committed - drug * early
        d[o + 1] = committed + p["bcell_growth"] * marrow - crowding - matured - (kill[0] + drug) * marrow
        d[o + 2] = matured - (p["bcell_death"] + kill[1] + drug) * blood

    def host_t_cells(self, d: list, cells: float, cytokine: float, cart_blood: float, flu: float, cy: float) -> None:
        """Host T cells (count in blood) and the relative homeostatic cytokine they and the CAR T cells take up."""
        p, o, volume = self.p, self.first_host, self.volume[1]
        drug = p["flu_kill_lymphocytes"] * flu + p["cy_kill_lymphocytes"] * cy
        d[o + 3] = p["thymic_output"] * volume + (p["host_division"] * cytokine - p["host_death"] - drug) * cells
        uptake = cytokine * (cells + cart_blood) / (p["cytokine_half"] * volume)
        d[o + 4] = p["cytokine_turnover"] * (1.0 - cytokine - uptake)

    def immunity(self, y: list, d: list, host_t: float, flu: float, cy: float) -> None:
        """The host's response to each product, and the cells of the product that it rejects."""
        p, volume = self.p, self.volume[1]
        drug = p["flu_kill_lymphocytes"] * flu + p["cy_kill_lymphocytes"] * cy
        host = host_t / volume / (p["cytokine_half"] + host_t / volume)
        for g, product in enumerate(self.products):
            o = self.per_product * g
            response, seen = y[self.first_immune + g], sum(y[o + 5 : o + 10]) / volume
            grows = p[f"immunity_growth.{product['foreignness']}"] * host * seen / (p["immunity_half"] + seen)
            loss = p["immunity_decline"] + drug
            renewed = p["immunity_renewal"] * self.precursors(product)
            d[self.first_immune + g] = renewed + response * (grows * (1.0 - response) - loss)
            rejection = p["rejection"] * response + p.get(f"innate_rejection.{product['foreignness']}", 0.0)
            for f in range(o, o + self.per_product):
                d[f] -= rejection * y[f]

    def precursors(self, product: dict) -> float:
        """Precursors of the host's response to a product, each CAR met before with its factor."""
        known = [self.p[f"immunity_memory.{antigen}"] for antigen in product["arms"]]
        return self.p[f"immunity_precursors.{product['foreignness']}"] * math.prod(known)

    def neutrophils(self, y: list, d: list, load: float, flu: float, cy: float) -> None:
        """Friberg's chain with a set point that the leukaemic load lowers."""
        p, o = self.p, self.first_host + 5
        prol, t1, t2, t3, anc = y[o : o + 5]
        rate = 4.0 / p["neutrophil_transit"]
        set_point = self.cov["neutrophil_base"] / (1.0 + load / self.marrow_cells) ** 2
        drug = p["flu_kill_progenitors"] * flu + p["cy_kill_progenitors"] * cy
        drug += toxicity.suppressed(p, "neutrophils", y[self.first_toxic + 1])
        d[o] = rate * prol * (set_point / anc) ** p["neutrophil_feedback"] - (rate + drug) * prol
        d[o + 1] = rate * (prol - t1)
        d[o + 2] = rate * (t1 - t2)
        d[o + 3] = rate * (t2 - t3)
        d[o + 4] = rate * (t3 - anc)

    def drugs(self, y: list, d: list) -> None:
        """Fludarabine (three compartments, effect site, AUC in mg*d/L) and cyclophosphamide (one)."""
        k, o = self.drug, self.first_drug
        a1, a2, a3, effect, _auc, cy = y[o : o + 6]
        concentration = a1 / k["v1"]
        d[o] = self.flu_rate - (k["k10"] + k["k12"] + k["k13"]) * a1 + k["k21"] * a2 + k["k31"] * a3
        d[o + 1] = k["k12"] * a1 - k["k21"] * a2
        d[o + 2] = k["k13"] * a1 - k["k31"] * a3
        d[o + 3] = self.p["flu_effect_rate"] * (concentration - effect)
        d[o + 4] = concentration
        d[o + 5] = self.cy_rate - k["cy_out"] * cy

    def infuse(self, y: np.ndarray, product: str, cells: float) -> None:
        """Add an infusion to the blood; the share that does not engraft is lost."""
        g = [item["name"] for item in self.products].index(product)
        entering = self.p["engraftment"] * cells
        memory = self.products[g]["memory_share"]
        blood = self.per_product * g + 5
        y[blood] += (1.0 - memory) * entering
        y[blood + 3] += memory * entering


def timetable(doses: list[dict], bsa: float) -> list[tuple[float, str, object]]:
    """Sorted changes (time, kind, what): drug infusions last one hour, CAR T infusions are instantaneous."""
    changes: list[tuple[float, str, object]] = []
    for dose in doses:
        if dose["give"] == "cart":
            changes.append((dose["time"], "cart", (dose["product"], dose["cells"])))
            continue
        if dose["give"] == "host_t":
            changes.append((dose["time"], "host_t", dose["per_ul"]))
            continue
        mass = dose["per_area"] * bsa * (FLUDARABINE_PER_PHOSPHATE if dose["give"] == "fludarabine" else 1.0)
        rate = mass / INFUSION_DAYS
        changes.append((dose["time"], dose["give"], rate))
        changes.append((dose["time"] + INFUSION_DAYS, dose["give"], -rate))
    return sorted(changes, key=lambda change: change[0])


def apply_change(twin: Twin, y: np.ndarray, kind: str, what: object) -> None:
    """Apply one change of the timetable to the state or to the running infusions."""
    if kind == "cart":
        twin.infuse(y, *what)
    elif kind == "host_t":
        y[twin.first_host + 3] = what * twin.volume[1]
    elif kind == "fludarabine":
        twin.flu_rate = 0.0 if abs(twin.flu_rate + what) < 1e-6 else twin.flu_rate + what
    elif kind == "cyclophosphamide":
        twin.cy_rate = 0.0 if abs(twin.cy_rate + what) < 1e-6 else twin.cy_rate + what
    else:
        raise ValueError(f"unknown dose {kind!r}")


def tolerances(twin: Twin, rtol: float) -> np.ndarray:
    """Absolute tolerance of each state: far below one cell, and far below any level of cytokine and drug that acts."""
    atol = np.full(len(twin.names), 1e4 * rtol)
    atol[: twin.first_clone] = 1e3 * rtol
    atol[twin.first_clone : twin.first_host] = 1e-1 * rtol
    atol[twin.first_host + 4] = 1e-2 * rtol
    atol[twin.first_drug : twin.first_immune] = 1e-2 * rtol
    atol[twin.first_immune : twin.first_toxic] = 1e-6 * rtol  # it grows from far below anything that acts
    atol[twin.first_toxic :] = rtol
    return atol


def crossing_events(twin: Twin) -> list:
    """One terminal event per clone: the total of one that is present falls through one cell, of an absent one rises."""
    events = []
    for i, present in enumerate(twin.present):
        o = twin.first_clone + twin.per_clone * i

        def total(_t: float, state: np.ndarray, o: int = o) -> float:
            return state[o : o + twin.per_clone].sum() - 1.0

        total.terminal, total.direction = True, -1.0 if present else 1.0
        events.append(total)
    return events


def simulate(
    parameters: dict,
    covariates: dict,
    clones: list[dict],
    products: list[dict],
    doses: list[dict],
    until: float,
    *,
    rtol: float = 1e-9,
    method: str = "LSODA",
    every: float = 1.0,
    extinction: bool = True,
    start: float = 0.0,
    disease: dict | None = None,
    lineage: dict | None = None,
) -> dict:
    """Run one patient from the first dose (or `start`, if earlier) to `until` days; states at whole steps of `every`.

    covariates: weight (kg), bsa (m2), age (y), egfr (mL/min/1.73 m2), marrow_blasts (fraction), host_t_cells (/uL),
        bcell_initial (fraction of capacity), neutrophil_base (/uL), fludarabine_clearance_offset.
    clones: {name, state: "positive" | "dim" | "absent" | other, fraction, birth, death,
        densities: {antigen: (median, log_sd)}, death_resistance if any}; the first one makes up what the others leave.
    products: {name, arms, foreignness (murine, humanised, human or allogeneic), memory_share, vector_copies, and
        every parameter that depends on costimulation}.
    doses: {give: "fludarabine" | "cyclophosphamide", time, per_area}, {give: "cart", time, product, cells}, or, to ask
        what if, {give: "host_t", time, per_ul}, which sets the host T cells.
    disease: {"CNS": cells/uL of cerebrospinal fluid, "extramedullary": cells}, for a model with these sites.
    lineage: {"loss": [(from, to, share of births)], "exchange": [(clone, other, rate there, rate back)]} by name;
        without it that of CD19, by the clones' states.
    Returns {"time", one array per state name, "extinctions": [(day, clone)], "twin"}; a start below one cell: day NaN.
    """
    clones = [dict(clone) for clone in clones]
    if clones:
        clones[0]["fraction"] = 1.0 - sum(clone["fraction"] for clone in clones[1:])
    twin = Twin(parameters, covariates, clones, products, disease or {}, lineage)
    y, extinctions = twin.initial_state()
    changes = timetable(doses, covariates["bsa"])
    t = min([start] + [change[0] for change in changes])
    grid = np.arange(math.ceil(t / every), math.floor(until / every) + 1) * every
    output = np.full((len(grid), len(y)), np.nan)
    output[grid == t] = y
    breaks = sorted({change[0] for change in changes} | {until})
    for stop in breaks:
        if stop > t:
            t, y = advance(twin, t, stop, y, grid, output, extinctions, rtol, method, extinction)
        for time, kind, what in changes:
            if time == stop:
                apply_change(twin, y, kind, what)
        output[grid == t] = y  # an output at a dose time shows the state after it
    result = {name: output[:, i] for i, name in enumerate(twin.names)}
    return result | {"time": grid, "extinctions": extinctions, "twin": twin}


def advance(
    twin: Twin,
    t: float,
    stop: float,
    y: np.ndarray,
    grid: np.ndarray,
    output: np.ndarray,
    extinctions: list,
    rtol: float,
    method: str,
    extinction: bool,
) -> tuple[float, np.ndarray]:
    """Integrate to a breakpoint, restarting after each extinction; fills the rows of `output` on the way."""
    while t < stop:
        wanted = grid[(grid > t) & (grid <= stop)]
        points = np.union1d(wanted, [stop])
        events = crossing_events(twin) if extinction else []
        solution = solve_ivp(
            twin.rhs, (t, stop), y, method=method, t_eval=points, rtol=rtol, atol=tolerances(twin, rtol), events=events
        )
        if solution.status < 0:
            raise RuntimeError(solution.message)
        rows = np.searchsorted(grid, solution.t)
        states = np.transpose(solution.y)  # no rows where a crossing came before the first point
        for row, time, state in zip(rows, solution.t, states, strict=True):
            if row < len(grid) and grid[row] == time:
                output[row] = state
        if solution.status == 0:
            return stop, solution.y[:, -1].copy()
        fired = [(times[0], e) for e, times in enumerate(solution.t_events) if len(times)]
        t, clone = min(fired)
        y = solution.y_events[clone][0].copy()
        o = twin.first_clone + twin.per_clone * clone
        if twin.present[clone]:
            y[o : o + twin.per_clone] = 0.0
            extinctions.append((float(t), twin.clones[clone]["name"]))
        twin.present[clone] = not twin.present[clone]
    return stop, y


def observe(result: dict) -> dict:
    """Assays of one run: CAR T (cells/uL, copies/ug), leucocytes, marrow blast fraction, host T and B cells."""
    twin = result["twin"]
    p, volume = twin.p, twin.volume[1]
    cells = {g["name"]: sum(result[f"{g['name']}.{f}.blood"] for f in PHENOTYPES) for g in twin.products}
    marrow_cart = sum((result[f"{g['name']}.{f}.marrow"] for g in twin.products for f in PHENOTYPES), 0.0)
    blasts_blood = sum((result[f"{c['name']}.blood"] for c in twin.clones), 0.0)
    blasts = sum((result[f"{c['name']}.marrow"] for c in twin.clones), 0.0)
    white = (1.0 + p["monocyte_share"]) * result["anc"]
    white = white + (result["host_t"] + sum(cells.values()) + result["blood_b"] + blasts_blood) / volume
    chain = result["prol"] + result["transit1"] + result["transit2"] + result["transit3"]
    normal = twin.marrow_cells * chain / (4.0 * twin.cov["neutrophil_base"])
    nucleated = normal + blasts + result["progenitor_b"] + result["marrow_b"] + marrow_cart
    out = {
        "time": result["time"], "leucocytes": white,
        "marrow_blast_fraction": blasts / nucleated, "marrow_blasts": blasts,
        "host_t_per_ul": result["host_t"] / volume, "bcells_per_ul": result["blood_b"] / volume,
        "neutrophils": result["anc"], "platelets": result["plt"], "il6": result["il6"],
        "fludarabine_auc": 24.0 * result["flu_auc"],
    }  # fmt: skip
    for g in twin.products:
        concentration = cells[g["name"]] / volume
        out[f"{g['name']}.cells_per_ul"] = concentration
        out[f"{g['name']}.copies_per_ug"] = concentration * g["vector_copies"] * p["genomes_per_dna"] / white
    return out
