/*
 * Google Benchmark for C
 *
 * Each benchmark measures by itself, in one go, and says how long one item took. The shim runs all of them once, in
 * the order of registration, then all of them once more, round after round, so that what is compared is measured
 * side by side. Every single run goes to the JSON file; the terminal gets, of each benchmark, the run that is the
 * median of its rounds, with the spread beside it.
 */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One run of one benchmark, while it lasts. */
struct shim_state;

typedef void shim_function(struct shim_state *state, void *context);

struct shim_plan {
    const char *program;   /* argv[0] */
    const char *json_path; /* where all runs go; NULL: nowhere */
    unsigned rounds;       /* >= 1 */
};

/** Add a benchmark. `context` must live until shim_run returns. */
void shim_register(const char *name, shim_function *function, void *context);

/** Say something about the machine or the settings, for the head of the reports. */
void shim_describe(const char *key, const char *value);

/** How long one item took, and its size. */
void shim_item(struct shim_state *face, double seconds, uint64_t bytes);

/** One more number of this run. */
void shim_counter(struct shim_state *face, const char *name, double value);

/** This run has failed. */
void shim_error(struct shim_state *face, const char *text);

/**
 * Run what is registered.
 *
 * @return 0, or a negative errno: the JSON file cannot be written
 */
int shim_run(const struct shim_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
