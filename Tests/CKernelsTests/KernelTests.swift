import CKernels
import Testing

/// Parent of every kernel suite: the instruction set is one global, so tests that switch it must not overlap.
@Suite(.serialized) struct KernelTests {}

/// Runs `body` once for each instruction set of this processor, the best one last, which stays selected.
func forEachInstructionSet(_ body: (Int32) throws -> Void) rethrows {
  let best = pf_isa_best()
  defer { _ = pf_isa_select(best) }
  for isa in 0...best {
    _ = pf_isa_select(isa)
    try body(isa)
  }
}
