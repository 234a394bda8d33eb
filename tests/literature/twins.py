"""The published models once more, in plain SciPy: right-hand sides and numbers written by hand from the papers.

Nothing of the package is imported here. `TWINS` maps (model, parameter set) to a twin; `solve` integrates it, restarts
at doses, and applies the extinction rule of the model that has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from scipy.integrate import solve_ivp

Right = Callable[[float, np.ndarray], Sequence[float]]


@dataclass(frozen=True)
class Twin:
    """Names and start of the states, right-hand side, doses (day, state, amount), limit of extinction.

    least: levels, in the states' own units, below which two integrations need not agree. until: last day compared; a
    tumour without a limit soon has more cells than there are atoms.
    """

    states: tuple[str, ...]
    start: tuple[float, ...]
    right: Right
    doses: tuple[tuple[float, str, float], ...] = ()
    extinct: float = 0.0
    least: float = 1e-13
    until: float = 365.0


def solve(twin: Twin, days: Sequence[float]) -> np.ndarray:
    """States (time, state) on these ascending days, the first of them 0; a dose on a day is in."""
    state, now = np.array(twin.start), 0.0
    found = np.empty((len(days), len(state)))
    stops = sorted({*days, *(day for day, _, _ in twin.doses if day <= days[-1])})
    for stop in stops:
        while now < stop:
            now, state = _advance(twin, now, stop, state)
        for day, name, amount in twin.doses:
            if day == stop:
                state[twin.states.index(name)] += amount
        found[[k for k, day in enumerate(days) if day == stop]] = state
    return found


def _advance(twin: Twin, now: float, stop: float, state: np.ndarray) -> tuple[float, np.ndarray]:
    """Integrate to `stop`, or to the moment at which a state dies out and is set to zero."""
    alive = [i for i in range(len(state)) if state[i] > twin.extinct > 0.0]
    events = [_falling(twin.extinct, i) for i in alive]
    piece = solve_ivp(twin.right, (now, stop), state, method="LSODA", rtol=1e-11, atol=0.1 * twin.least, events=events)
    assert piece.success, piece.message
    state = piece.y[:, -1].copy()
    for i, moments in zip(alive, piece.t_events or (), strict=True):
        if len(moments):
            state[i] = 0.0
    return piece.t[-1], state


def _falling(limit: float, index: int) -> Callable:
    def event(t: float, y: np.ndarray) -> float:
        return y[index] - limit

    event.terminal, event.direction = True, -1.0
    return event


def stein(t: np.ndarray) -> np.ndarray:
    """Transgene in closed form."""
    fold, peak_day, peak, alpha, share, beta = 3900.0, 9.3, 24000.0, 0.16, 0.0079, 0.0032
    since = np.maximum(t - peak_day, 0.0)
    after = (1 - share) * peak * np.exp(-alpha * since) + share * peak * np.exp(-beta * since)
    return np.where(t < peak_day, peak / fold * np.exp(log(fold) / peak_day * t), after)


def leon_triana(i0: float, with_factor: bool) -> Twin:
    alpha, rho_c, tau_c, rho_l, tau_b, tau_i, beta, c50 = 4.5e-11, 0.25 * 4.5e-11, 14.0, 1 / 30, 60.0, 6.0, 0.1, 1e9

    def right(t: float, y: np.ndarray) -> list[float]:
        c, leukaemia, b = y
        i = i0 / (1 + c / c50)
        return [
            rho_c * (leukaemia + b) * c - c / tau_c + rho_c * beta * i * (c if with_factor else 1.0),
            rho_l * leukaemia - alpha * leukaemia * c,
            i / tau_i - alpha * b * c - b / tau_b,
        ]

    return Twin(("cart", "leukaemia", "bcells"), (1e7, 5e10, 2.5e10), right)


def barros(line: str, alpha: float) -> Twin:
    hdlm = line == "HDLM-2"
    phi, rho, theta = (0.265, 0.35, 6e-6) if hdlm else (0.83, 0.8300536, 2.3e-4)
    epsilon, mu = (0.15, 5e-3) if hdlm else (1.59795, 6.89e-7)
    r, b, gamma = (5.650026e-2, 1.404029e-12, 3.715843e-6) if hdlm else (5.071721e-1, 0.0, 3.365388e-8)

    def right(t: float, y: np.ndarray) -> list[float]:
        c, m, tumour = y
        return [
            phi * c - rho * c + theta * tumour * m - alpha * tumour * c,
            epsilon * c - theta * tumour * m - mu * m,
            r * tumour * (1 - b * tumour) - gamma * c * tumour,
        ]

    dose = (42.0, "effector", 2e6) if hdlm else (7.0, "effector", 1e7)
    return Twin(
        ("effector", "memory", "tumour"),
        (0.0, 0.0, 2e6 if hdlm else 3e6),
        right,
        (dose,),
        extinct=1e-6,
        least=1e-6,
        until=365.0 if hdlm else 28.0,
    )


def kimmel(rho: float, r_n: float, k_c: float, k_b: float) -> Twin:
    def right(t: float, y: np.ndarray) -> list[float]:
        n, c, tumour = y
        total = n + c
        r_c = rho + 0.525 * (total - 500.0) ** 2 / (0.423 * total**2 + (total - 500.0) ** 2)
        return [
            -r_n * n * log(total / 500.0),
            -r_c * c * log(total / k_c),
            0.065 * tumour - 1.15 * tumour * c / (k_b + c),
        ]

    return Twin(("normal", "cart", "tumour"), (6.0, 0.36, 9.486e10), right)


def hardiansyah(patient: str) -> Twin:
    first = patient == "UPN1"
    r_e, d_e, a_e, k, start, dose = (
        (16.16, 23.04, 0.024, 0.19, 4.14, 1.1) if first else (14.4, 1.44, 0.12, 2.21, 0.93, 0.014)
    )
    p6, p10, p_i = (1.8e-3, 0.7e-3, 0.3e-3) if first else (0.6e-2, 1.7e-2, 0.6e-2)
    b6, b10, b_i = (1.7, 4.5, 2.3) if first else (1.0, 0.5, 1.7)

    def right(t: float, y: np.ndarray) -> list[float]:
        b, e, e_t, m, m_t, il6, il10, ifn = y
        f = b / (b + 1e5)
        damped = 0.59 + (1 - 0.59) * 650.0 / (il10 + 650.0)
        to, back = a_e * e * (1 - f), 1.0 * m * f
        return [
            (9.3e-3 - 7.6e-3) * b - k * e * b,
            r_e * e * b - d_e * e - 76.78 * e + 1.84 * e_t - to + back,
            76.78 * e - 1.84 * e_t,
            (0.0509 - 0.408) * m - 76.78 * m + 1.84 * m_t + to - back,
            76.78 * m - 1.84 * m_t,
            3.96 * (b6 - il6) + p6 * 1e6 * b * e,
            4.68 * (b10 - il10) + p10 * 1e6 * b * e,
            1.51 * (b_i - ifn) + p_i * 1e6 * b * e * damped,
        ]

    names = ("leukaemia", "effector", "effector_tissue", "memory", "memory_tissue", "il6", "il10", "ifn")
    doses = tuple((float(day), "effector", share * dose) for day, share in ((0, 0.1), (1, 0.3), (2, 0.6)))
    return Twin(names, (start, 0.0, 0.0, 0.0, 0.0, b6, b10, b_i), right, doses)


KIROUAC = {
    "CR1": "3.23608e9 .0500402 .958462 314.556 1e9 .254192 .996688 .257137 .253163 .720743 .579687 2.70809 .937843 "
    "5.1328 .159787 .0748483 .290634 .00756555 .001 2.27144e8 2.99888 .394597 2.79542 1 1.12639 45.0111 14.9195",
    "PR1": "4.35861e9 .0509395 .788588 831.125 4.33659e8 1.08809 .799691 .591718 .262789 .2 .507134 1.09361 .972183 "
    "5.66155 .03628 .463947 .872919 .463143 .0130348 2.26019e8 .812607 .787221 .223514 9.96769 1.08722 49.8208 6.89724",
    "NR1": "3.52648e9 .0508412 .871858 1000 1.58624e8 1.85995 1 .351151 .00103388 .257543 .965006 .422844 .112676 "
    "5.99606 .00334809 1 .001 .00156982 .001 1.45814e10 .321686 .352947 .781174 5.69801 10 30.7757 5",
}


def kirouac(patient: str, late: float = 1e-6) -> Twin:
    (b50, u_b, k_kill, f_loss, tk50, kt, kb1, kb2, u_m, k_m, f_max, k_e, u_e, n, k_ex, d_m, d_e1, d_e2, d_x, b_max, k_x,
     r_m, k_r, f1, f2, f3, f4) = (float(number) for number in KIROUAC[patient].split())  # fmt: skip

    def right(t: float, y: np.ndarray) -> list[float]:
        dose, d, tm, te1, te2, tx, b, ba = y

        def hill(exponent: float) -> float:
            return ba**exponent / (ba**exponent + b50**exponent)

        sr, back = f_max * (1 - hill(k_m)), r_m * (1 - hill(k_r)) * te2
        reach = max(te2, 0.0) ** kt
        return [
            -(f_loss + 1) * dose,
            dose - (f1 + f2 + f3 + f4) * d,
            u_m * (2 * sr - 1) * tm - d_m * tm + back + f1 * d,
            2 * u_m * (1 - sr) * tm - u_e * hill(k_e) * te1 - d_e1 * te1 + f2 * d,
            u_e * hill(k_e) * te1 * 2**n - k_ex * hill(k_x) * te2 - d_e2 * te2 - back + f3 * d,
            k_ex * hill(k_x) * te2 - d_x * tx + f4 * d,
            u_b * b * (1 - b / b_max) - k_kill * b * reach / (tk50**kt + reach),
            kb1 * b - kb2 * ba,
        ]

    names = ("infused", "entered", "memory", "early_effector", "late_effector", "exhausted", "tumour", "antigen")
    return Twin(names, (1e8, 0.0, 0.0, 0.0, late, 0.0, 1e10, 1e10), right, least=1e-9)


PATIENTS = [  # tumour volume (mL), earlier transplantation, CD4/CD8 ratio, low class
    (894, 0, 8.94, 0), (102, 0, 0.357, 0), (13, 1, 0.126, 0), (264, 0, 4.01, 1), (14.2, 1, 1.34, 0),
    (70.5, 1, 0.364, 0), (13.1, 1, 3.56, 0), (142, 0, 0.405, 0), (1118, 0, 0.413, 1), (305, 0, 0.549, 1),
    (479, 0, 0.223, 0),
    (2.54, 1, 0.0512, 0), (34.2, 0, 4.53, 0), (85.7, 1, 0.130, 0), (64.1, 0, 0.0845, 0), (663, 0, 0.764, 0),
    (3555, 1, 0.0866, 1), (20, 0, 0.182, 0), (32.5, 0, 0.126, 0),
]  # fmt: skip


def mueller_schoell(volume: float, transplant: int, ratio: float, low: int) -> Twin:
    v = (0.000700 if low else 0.00846 * ratio**-0.385) * (1 + 2.53 * transplant)

    def right(t: float, y: np.ndarray) -> list[float]:
        tn, tcm, tem, teff, tumour = y
        return [
            v * tumour * tn / (1.13 + tn) + (0.0005 - 0.140 - 0.0104) * tn,
            v * tumour * tcm / (1.13 + tcm) + (0.007 - 0.191 - 0.0104) * tcm + 0.140 * tn,
            v * tumour * tem / (1.13 + tem) + (0.007 - 0.355 - 0.0104) * tem + 0.191 * tcm,
            0.355 * tem - 0.518 * teff,
            0.0023 * (1 - tumour / 5000) * tumour
            - (2.57 * tn + 4.04 * tcm + 3.78 * tem + 4.24 * teff) * tumour / (276 + tumour),
        ]

    names = ("naive", "central_memory", "effector_memory", "effector", "tumour")
    return Twin(names, (0.1, 0.1, 0.1, 0.1, float(volume)), right)


TWINS: dict[tuple[str, str], Twin] = {
    ("leon-triana2021", "reduced"): leon_triana(0.0, True),
    ("leon-triana2021", "precursors"): leon_triana(1e7, True),
    ("leon-triana2021", "precursors-as-curated"): leon_triana(1e7, False),
    ("barros2021", "HDLM-2"): barros("HDLM-2", 4.5e-8),
    ("barros2021", "Raji"): barros("Raji", 1.248506e-8),
    ("barros2021", "Raji-IDO"): barros("Raji", 1.461699e-8),
    ("barros2021", "Raji-IDO-1MT"): barros("Raji", 1.261662e-8),
    ("kimmel2021", "code"): kimmel(0.037, 0.171, 139.28, 1 / 0.247),
    ("kimmel2021", "table"): kimmel(0.0251, 0.170, 6.96e10 / 5e8, 2.024e9 / 5e8),
    **{("hardiansyah2019", name): hardiansyah(name) for name in ("UPN1", "UPN3")},
    **{("kirouac2023", name): kirouac(name) for name in KIROUAC},
    ("muellerschoell2021", "typical"): mueller_schoell(85.7, 0, 0.364, 0),
    **{("muellerschoell2021", f"patient-{k + 1:02d}"): mueller_schoell(*row) for k, row in enumerate(PATIENTS)},
}
