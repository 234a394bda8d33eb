/* What both solvers in C share: patients one after another, each through its segments between two changes. */
#ifndef COURSE_H
#define COURSE_H

#include "right_side.h" /* printed: N, P, right_side(y, p, dy), jacobian(y, p, J) by columns */

typedef struct {
    long patients, days, stops;
    const double *parameters, *initial; /* (patients, P), (patients, N) */
    const double *day;                  /* ascending, the first is the start */
    const double *stop;                 /* times of changes, ascending */
    const long *place;                  /* species that a change adds to; -1: the input, the last parameter, is set */
    const double *amount;
    double rtol, atol;
    double *out; /* (patients, days, N) */
    long *steps; /* (patients) */
} Task;

/* Apply all changes due at t; returns the time of the next, or the end. */
static double changes(const Task *task, long *next, double t, double *y, double *p) {
    for (; *next < task->stops && task->stop[*next] <= t; ++*next) {
        if (task->place[*next] < 0)
            p[P - 1] = task->amount[*next];
        else
            y[task->place[*next]] += task->amount[*next];
    }
    double end = task->day[task->days - 1];
    return *next < task->stops && task->stop[*next] < end ? task->stop[*next] : end;
}

#endif
