/* SUNDIALS' CVODE, BDF with a dense matrix and the analytic Jacobian, stopped and restarted at every change. */
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

#include "course.h"

static int slopes(sunrealtype t, N_Vector y, N_Vector dy, void *p) {
    (void)t;
    right_side(N_VGetArrayPointer(y), p, N_VGetArrayPointer(dy));
    return 0;
}

static int matrix(sunrealtype t, N_Vector y, N_Vector fy, SUNMatrix J, void *p, N_Vector a, N_Vector b, N_Vector c) {
    (void)t, (void)fy, (void)a, (void)b, (void)c;
    jacobian(N_VGetArrayPointer(y), p, SUNDenseMatrix_Data(J));
    return 0;
}

static int solve_one(const Task *task, void *cvode, N_Vector state, double *p, double *out, long *steps) {
    double *y = N_VGetArrayPointer(state);
    sunrealtype t = task->day[0], reached;
    long next = 0, day = 0;
    *steps = 0;
    while (day < task->days) {
        double stop = changes(task, &next, t, y, p);
        while (day < task->days && task->day[day] <= t) memcpy(out + N * day++, y, N * sizeof *y);
        if (day == task->days) break;
        if (CVodeReInit(cvode, t, state)) return 1;
        CVodeSetUserData(cvode, p);
        CVodeSetStopTime(cvode, stop);
        for (; day < task->days && task->day[day] < stop; ++day) {
            if (CVode(cvode, task->day[day], state, &reached, CV_NORMAL) < 0) return 1;
            memcpy(out + N * day, y, N * sizeof *y);
        }
        if (CVode(cvode, stop, state, &reached, CV_NORMAL) < 0) return 1;
        t = stop;
        long taken;
        CVodeGetNumSteps(cvode, &taken);
        *steps += taken;
    }
    return 0;
}

int solve(const Task *task) {
    SUNContext context;
    SUNContext_Create(NULL, &context);
    N_Vector state = N_VNew_Serial(N, context);
    SUNMatrix dense = SUNDenseMatrix(N, N, context);
    SUNLinearSolver linear = SUNLinSol_Dense(state, dense, context);
    void *cvode = CVodeCreate(CV_BDF, context);
    double p[P];
    CVodeInit(cvode, slopes, 0.0, state);
    CVodeSStolerances(cvode, task->rtol, task->atol);
    CVodeSetLinearSolver(cvode, linear, dense);
    CVodeSetJacFn(cvode, matrix);
    CVodeSetMaxNumSteps(cvode, 10000000);
    int failed = 0;
    for (long i = 0; i < task->patients && !failed; ++i) {
        memcpy(p, task->parameters + P * i, sizeof p);
        memcpy(N_VGetArrayPointer(state), task->initial + N * i, N * sizeof(double));
        failed = solve_one(task, cvode, state, p, task->out + i * task->days * N, task->steps + i);
    }
    CVodeFree(&cvode);
    SUNLinSolFree(linear);
    SUNMatDestroy(dense);
    N_VDestroy(state);
    SUNContext_Free(&context);
    return failed;
}
