import Testing

@Suite struct CaseTests {
  @Test(arguments: CaseFile.all) func printsWhatItShould(test: CaseFile.Case) throws {
    try BuiltProgram.withFreshDirectory { program in
      try Fixtures.put(test.fixtures, into: program)
      for (name, text) in test.files { try program.write(text, to: name) }
      for step in test.steps {
        let run = try program.run(step.arguments)
        let command = step.arguments.joined(separator: " ")
        #expect(run.status == step.status, "\(command)\n\(run.error)")
        #expect(CaseFile.matches(run.output, step.output), "\(command)\nstandard output:\n\(run.output)")
        #expect(CaseFile.matches(run.error, step.error), "\(command)\nstandard error:\n\(run.error)")
      }
    }
  }

  @Test func thereAreCases() { #expect(CaseFile.all.count > 20) }

  /// The matcher itself: what it takes and what it must refuse.
  @Test func matcherRefuses() {
    #expect(CaseFile.matches("a\nb\n", ["a", "b"]))
    #expect(CaseFile.matches("a\nx\ny\nb\n", ["a", "...", "b"]))
    #expect(CaseFile.matches("took 3.2 s in all\n", ["took ... s in ..."]))
    #expect(CaseFile.matches("", []))
    for wrong in [["a"], ["b", "a"], ["a", "b", "c"], ["...", "c"], ["a...", "c"], []] {
      #expect(!CaseFile.matches("a\nb\n", wrong), "\(wrong)")
    }
    #expect(!CaseFile.matches("ab\n", ["ab...b"]))
  }

  @Test func readsCaseFiles() {
    let cases = CaseFile.cases(of: "# c\n== one\nwith a b\nfile f\nx\\ty\nend\n$ go 'a b' c\n> out\n! err\n= 2\n")
    #expect(cases.count == 1)
    #expect(cases.first?.fixtures == ["a", "b"])
    #expect(cases.first?.files.first?.text == "x\ty\n")
    #expect(cases.first?.steps.first?.arguments == ["go", "a b", "c"])
    #expect(cases.first?.steps.first?.status == 2)
  }
}
