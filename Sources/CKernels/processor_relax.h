/* What a thread says to its processor while it waits in a loop. */
#ifndef PF_PROCESSOR_RELAX_H
#define PF_PROCESSOR_RELAX_H

static inline void pf_processor_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
