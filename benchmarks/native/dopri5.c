/* Dormand-Prince 5(4) with dense output as a competent programmer writes it by hand (Hairer, Norsett and Wanner). */
#include <math.h>
#include <string.h>

#include "course.h"

static const double A[7][6] = {
    {0},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
static const double E[7] = {71.0 / 57600,      0,           -71.0 / 16695, 71.0 / 1920,
                            -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
static const double D[7] = {-12715105075.0 / 11282082432,  0,
                            87487479700.0 / 32700410799,   -10690763975.0 / 1880347072,
                            701980252875.0 / 199316789632, -1453857185.0 / 822651844,
                            69997945.0 / 29380423};

static void stages(double h, const double *y, const double *p, double k[7][N], double *end) {
    double z[N];
#pragma GCC unroll 7
    for (int i = 1; i < 7; ++i) {
        for (int s = 0; s < N; ++s) {
            double sum = 0.0;
#pragma GCC unroll 6
            for (int j = 0; j < i; ++j) sum += A[i][j] * k[j][s];
            z[s] = y[s] + h * sum;
        }
        right_side(z, p, k[i]);
    }
    memcpy(end, z, sizeof z); /* the last stage is the new state */
}

static double error_of(const Task *task, double h, const double *y, const double *end, double k[7][N]) {
    double sum = 0.0;
    for (int s = 0; s < N; ++s) {
        double e = 0.0;
        for (int i = 0; i < 7; ++i) e += E[i] * k[i][s];
        double r = h * e / (task->atol + task->rtol * fmax(fabs(y[s]), fabs(end[s])));
        sum += r * r;
    }
    return sqrt(sum / N);
}

static void write_dense(double share, double h, const double *y, const double *end, double k[7][N], double *out) {
    for (int s = 0; s < N; ++s) {
        double d = 0.0;
        for (int i = 0; i < 7; ++i) d += D[i] * k[i][s];
        double rise = end[s] - y[s], bow = h * k[0][s] - rise, rest = 1.0 - share;
        out[s] = y[s] + share * (rise + rest * (bow + share * ((rise - h * k[6][s] - bow) + rest * h * d)));
    }
}

static long solve_one(const Task *task, const double *start, double *p, double *out) {
    double y[N], end[N], k[7][N], t = task->day[0], h = 1e-6, before = 1e-4;
    long next = 0, day = 0, steps = 0;
    memcpy(y, start, sizeof y);
    while (day < task->days) {
        double stop = changes(task, &next, t, y, p);
        while (day < task->days && task->day[day] <= t) memcpy(out + N * day++, y, sizeof y);
        right_side(y, p, k[0]);
        h = fmin(h, 1e-6);
        while (t < stop) {
            int last = t + h >= stop * (1.0 - 1e-14);
            double tried = last ? stop - t : h;
            stages(tried, y, p, k, end);
            double error = error_of(task, tried, y, end, k);
            ++steps;
            if (!(error <= 1.0)) {
                h = tried * fmax(0.2, 0.9 * pow(error, -0.2));
                if (steps > 10000000 || !(h > 1e-16)) return -1;
                continue;
            }
            for (; day < task->days && (task->day[day] < t + tried && task->day[day] < stop); ++day)
                write_dense((task->day[day] - t) / tried, tried, y, end, k, out + N * day);
            t = last ? stop : t + tried;
            memcpy(y, end, sizeof y);
            memcpy(k[0], k[6], sizeof k[0]);
            error = fmax(error, 1e-8);
            double factor = 0.9 * pow(error, -0.17) * pow(before, 0.04);
            double wish = tried * fmin(10.0, fmax(0.2, factor));
            h = last ? fmax(h, wish) : wish;
            before = fmax(error, 1e-4);
        }
    }
    return steps;
}

int solve(const Task *task) {
    double p[P];
    for (long i = 0; i < task->patients; ++i) {
        memcpy(p, task->parameters + P * i, sizeof p);
        task->steps[i] = solve_one(task, task->initial + N * i, p, task->out + i * task->days * N);
        if (task->steps[i] < 0) return 1;
    }
    return 0;
}
