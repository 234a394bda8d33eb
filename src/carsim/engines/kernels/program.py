"""Run a program: blocks of laws through a compiled evaluator, blocks of sums here."""

from carsim.engines.kernels.lanes import apart, call_block, kernel, load, splat, store, within

PRODUCTS = -1


@kernel
def run(lanes, evaluator, workspace, program):
    """Evaluate every block of a program in order; `evaluator` is the address of values or partial derivatives."""
    run_blocks(lanes, evaluator, workspace, program, 0, program.blocks)


@kernel
def run_blocks(lanes, evaluator, workspace, program, first, last):
    """Evaluate the blocks of a program from `first` to before `last`."""
    apart()
    evaluate(lanes, evaluator, workspace, program, first, last)


@kernel
def evaluate(lanes, evaluator, workspace, program, first, last):
    """The same within the caller."""
    within()
    laws, counts, starts, entries, masks = program.law, program.count, program.start, program.entries, program.mask
    for block in range(first, last):
        law, count, start = laws[block], counts[block], starts[block]
        if law >= 0:
            call_block(evaluator, workspace, law, count, entries, start, masks[block])
        elif law == PRODUCTS:
            sum_products(lanes, workspace, program, count, start, program.coefficient_start[block])
        else:
            sum_rows(lanes, workspace, program, count, start, program.coefficient_start[block])


@kernel
def sum_products(lanes, workspace, program, count, at, coefficient):
    """Sums of coefficient x row x row."""
    entries, coefficients = program.entries, program.coefficients
    for _ in range(count):
        total = splat(lanes, 0.0)
        out, terms = entries[at], entries[at + 1]
        at += 2
        for _ in range(terms):
            product = load(lanes, workspace, entries[at]) * load(lanes, workspace, entries[at + 1])
            total = total + coefficients[coefficient] * product
            at += 2
            coefficient += 1
        store(workspace, out, total)


@kernel
def sum_rows(lanes, workspace, program, count, at, coefficient):
    """Sums of coefficient x row."""
    entries, coefficients = program.entries, program.coefficients
    for _ in range(count):
        total = splat(lanes, 0.0)
        out, terms = entries[at], entries[at + 1]
        at += 2
        for _ in range(terms):
            total = total + coefficients[coefficient] * load(lanes, workspace, entries[at])
            at += 1
            coefficient += 1
        store(workspace, out, total)
