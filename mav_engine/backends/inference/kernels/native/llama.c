/* The forward pass of a small Llama (llama_pass.h), and a thread that computes it. */

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "llama_pass.h"
#include "runs_here.h"

/* A thread that computes passes in the background, one at a time. */
typedef struct {
  const Model *model;
  int64_t rows;
  const Row *row;
  const PassOutputs *pass;
  double seconds; /* duration of the last pass */
  int state;
  pid_t process; /* a forked process does not have the thread */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} Worker;

enum { IDLE, BEGUN, OVER };

/* Seconds that the thread waits actively after a pass. The next pass usually begins within them, at
   once. Meanwhile its core is not idle, so the scheduler leaves Python's threads, of which one runs
   at a time, on another core, whose caches have their memory. */
static const double SPIN_S = 0.002;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static int state_of(Worker *worker) { return __atomic_load_n(&worker->state, __ATOMIC_ACQUIRE); }

static void set_state(Worker *worker, int state) {
  pthread_mutex_lock(&worker->lock);
  __atomic_store_n(&worker->state, state, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&worker->changed);
  pthread_mutex_unlock(&worker->lock);
}

static void sleep_while(Worker *worker, int state) {
  pthread_mutex_lock(&worker->lock);
  while (state_of(worker) == state) pthread_cond_wait(&worker->changed, &worker->lock);
  pthread_mutex_unlock(&worker->lock);
}

static void *run_worker(void *argument) {
  Worker *worker = argument;
  for (;;) {
    double until = now() + SPIN_S;
    while (state_of(worker) == IDLE && now() < until) sched_yield();
    sleep_while(worker, IDLE);
    if (state_of(worker) == OVER) return NULL;
    double began = now();
    mav_llama_pass(worker->model, worker->rows, worker->row, worker->pass);
    worker->seconds = now() - began;
    set_state(worker, IDLE);
  }
}

/* Returns a worker, or NULL if no thread can be started. */
void *mav_worker_new(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->process = getpid();
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->changed, NULL);
  if (!pthread_create(&worker->thread, NULL, run_worker, worker)) return worker;
  free(worker);
  return NULL;
}

/* Begins a pass; returns 0 if it cannot. Until `mav_worker_wait` returns, the arrays must not be
   moved or freed and no other pass of the model may begin. */
int mav_worker_begin(void *argument, const Model *m, int64_t rows, const Row *row,
                     const PassOutputs *pass) {
  Worker *worker = argument;
  if (worker->process != getpid()) return 0;
  worker->model = m, worker->rows = rows, worker->row = row, worker->pass = pass;
  set_state(worker, BEGUN);
  return 1;
}

/* Waits for the pass; returns the seconds that it took. */
double mav_worker_wait(void *argument) {
  Worker *worker = argument;
  sleep_while(worker, BEGUN);
  return worker->seconds;
}

/* Ends an idle worker. */
void mav_worker_end(void *argument) {
  Worker *worker = argument;
  if (worker->process != getpid()) return;
  set_state(worker, OVER);
  pthread_join(worker->thread, NULL);
  pthread_cond_destroy(&worker->changed);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}
