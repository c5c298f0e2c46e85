/* Functions of every build: whether this processor has the instructions that it was compiled for,
   and a digest of the sources that it was compiled from. */
#ifndef RUNS_HERE_H
#define RUNS_HERE_H

int mav_runs_here(void) {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl")
#if defined(__AVX512VNNI__)
         && __builtin_cpu_supports("avx512vnni")
#endif
      ;
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi2");
#else
  return 1;
#endif
}

const char *mav_source_digest(void) { return MAV_SOURCE_DIGEST; }

#endif
