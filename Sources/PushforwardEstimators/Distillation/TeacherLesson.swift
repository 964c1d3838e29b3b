import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// A teacher's draws on the scale of the student.
///
/// A flow teaches on its own scale, so nothing is lost to rounding; other models teach through tables.
final class TeacherLesson: @unchecked Sendable {
  static let rowsPerEpoch = 32_768

  let teacher: any TableModel
  let encoder: Encoder
  private let schema: Schema
  private let gaussian: LinearGaussian
  private let gaussianEncoder: Encoder
  private let seed: UInt64
  /// Conditions to draw under, on the encoder's scale and as a table: those of the rows given.
  private let conditions: Matrix<Float>?
  private let given: Table?
  private var flow: Flow<Float>? { (teacher as? DensityModel)?.flow }

  /// Whether the teacher's log-density is known at the very numbers that the student sees.
  let matches: Bool
  var names: [String] { encoder.columns.map(\.name) }
  /// Width of a flow teacher's conditioners.
  var teacherWidth: Int? { (teacher as? DensityModel)?.record.plan?.size.network.hidden.max() }

  /// - Throws: `EstimatorError`, `TableError`.
  init(_ teacher: any TableModel, table: Table?, seed: UInt64, workers: WorkerPool) throws {
    self.teacher = teacher
    self.seed = seed
    guard !teacher.traits.isSequential else {
      throw EstimatorError.cannotAnswer(
        model: teacher.record.model.rawValue, question: "independent rows, which a student learns from")
    }
    let categories = teacher.columns.filter { teacher.schema[$0]?.kind == .category }
    if !categories.isEmpty {
      throw TableError.cannotModel(
        columns: categories, detail: "a student models numbers, and the teacher has categories there")
    }
    if !teacher.given.isEmpty && table == nil {
      throw EstimatorError.conditions(expected: teacher.given, found: [])
    }
    let given = try table.flatMap { try teacher.conditionTable($0) }
    self.given = given
    if let model = teacher as? DensityModel {
      (encoder, schema, gaussian, gaussianEncoder) = (
        model.encoder, model.schema, model.gaussian, model.gaussianEncoder
      )
      matches = true
    } else {
      var options = FitOptions(model: .nsf, columns: teacher.columns, given: teacher.given, seed: seed)
      // What the columns are is the teacher's knowledge, not to be guessed from its draws.
      for column in teacher.schema.columns {
        var override = ColumnOverride()
        override.kind = column.kind
        options.overrides.columns[column.name] = override
      }
      let drawn = try Self.sample(
        teacher, given: given, count: 20_000, seed: RandomStream(seed: seed, purpose: .user).split(7).seed,
        workers: workers)
      options.overrides.columns = options.overrides.columns.filter { drawn[$0.key] != nil }
      let ready = try FitPreparation(drawn, options: options)
      (encoder, gaussian, gaussianEncoder) = (ready.encoder, ready.gaussian, ready.plain)
      // Columns that never varied are not drawn, but are known.
      schema = Schema(
        columns: teacher.schema.columns.compactMap { ready.schema[$0.name] ?? ($0.kind == .constant ? $0 : nil) },
        rowCount: ready.schema.rowCount)
      matches = teacher.traits.likelihood == .exact && encoder.columns.allSatisfy { $0.jitterWidth == 0 }
    }
    let encoder = self.encoder
    let isConditional = encoder.conditionWidth > 0
    conditions = try (isConditional ? given : nil).map { table in
      Matrix(
        rows: table.rowCount, columns: encoder.conditionWidth,
        values: try encoder.conditions(of: table).map { Float($0) })
    }
  }

  /// Draws of an epoch; number −1 is for judging.
  func draws(_ count: Int, number: Int, workers: WorkerPool) throws -> TeacherDraws {
    let drawSeed = RandomStream(seed: seed, purpose: .base).split(UInt64(number + 1)).seed
    if let flow {
      let context = contexts(count, seed: drawSeed)
      let x = try flow.sample(count: count, context: context, seed: drawSeed, workers: workers)
      let target = try flow.logProb(x, context: context, workers: workers)
      return TeacherDraws(x: x, context: Self.appending(target, to: context, rows: count))
    }
    let drawn = try Self.sample(teacher, given: given, count: count, seed: drawSeed, workers: workers)
    let rows = try encoder.prepare(drawn)
    let encoded = encoder.encode(rows, jitterSeed: number < 0 ? nil : drawSeed)
    var target = [Float](repeating: 0, count: rows.rowCount)
    if matches {
      let scores = try teacher.score(drawn, workers: workers).logProb
      for (index, row) in rows.keptRows.enumerated() { target[index] = Float(scores[row] - encoded.logDet[index]) }
    }
    let context =
      encoder.conditionWidth == 0
      ? nil
      : Matrix<Float>(rows: rows.rowCount, columns: encoder.conditionWidth, values: rows.conditions.map { Float($0) })
    return TeacherDraws(
      x: Matrix(rows: rows.rowCount, columns: encoder.columns.count, values: encoded.floats),
      context: Self.appending(target, to: context, rows: rows.rowCount))
  }

  private func contexts(_ count: Int, seed: UInt64) -> Matrix<Float>? {
    guard let conditions else { return nil }
    let stream = RandomStream(seed: seed, purpose: .component)
    return conditions.selectingRows(
      (0..<count).map { min(Int(stream.uniform(row: UInt64($0)) * Double(conditions.rows)), conditions.rows - 1) })
  }

  private static func appending(_ target: [Float], to context: Matrix<Float>?, rows: Int) -> Matrix<Float> {
    let width = context?.columns ?? 0
    var out = Matrix<Float>(rows: rows, columns: width + 1)
    for row in 0..<rows {
      for column in 0..<width { out[row, column] = context?[row, column] ?? 0 }
      out[row, width] = target[row]
    }
    return out
  }

  /// Draws of any model, with the conditions beside them: random rows of `given`.
  private static func sample(
    _ model: any TableModel, given: Table?, count: Int, seed: UInt64, workers: WorkerPool
  ) throws -> Table {
    guard let given else {
      return try model.sample(count: count, given: nil, seed: seed, firstRow: 0, workers: workers)
    }
    let stream = RandomStream(seed: seed, purpose: .component)
    let rows = given.selecting(
      rows: (0..<count).map { min(Int(stream.uniform(row: UInt64($0)) * Double(given.rowCount)), given.rowCount - 1) })
    let drawn = try model.sample(count: count, given: rows, seed: seed, firstRow: 0, workers: workers)
    return try drawn.joined(with: rows, names: model.given)
  }

  // MARK: Comparison

  /// The student as a model, beside its teacher.
  func compare(
    _ flow: Flow<Float>, plan: FitPlan, result: TrainingResult<Float>, table: Table?, options: DistillationOptions,
    seconds: () -> Double, workers: WorkerPool
  ) throws -> Distillation {
    var record = FitRecord(
      model: .nsf,
      choice: "distilled from \(teacher.record.model.rawValue) of \(teacher.record.parameterCount) parameters",
      tableRows: 0, trainingRows: Int(result.history.last?.epoch ?? 0) * Self.rowsPerEpoch, heldOutRows: 0,
      leftOutNote: nil, plan: plan, parameterCount: flow.network.layout.trainedCount, stopReason: result.reason,
      epochs: result.history.last?.epoch ?? 0, bestEpoch: result.bestEpoch, recoveries: result.recoveries,
      heldOut: .nan,
      heldOutStandardError: .nan, heldOutIndependent: .nan, heldOutGaussian: .nan, seconds: 0,
      fingerprint: NumberHash.text(of: flow.parameters.fingerprint), seed: seed)
    func model(_ record: FitRecord) -> DensityModel {
      DensityModel(
        schema: schema, encoder: encoder, flow: flow, record: record, gaussian: gaussian,
        gaussianEncoder: gaussianEncoder)
    }
    var student = model(record)
    // An estimate by draws costs a hundred times a density.
    let count = teacher.traits.likelihood == .exact ? 20_000 : 5_000
    let (forward, backward) = try divergences(student, count: count, workers: workers)
    var heldOut: (teacher: Double, student: Double, difference: Distillation.Estimate)?
    let sample = try Self.sample(teacher, given: given, count: count, seed: seed &+ 3, workers: workers)
    let judged = table ?? sample
    let (p, q) = (
      try teacher.score(judged, workers: workers).logProb, try student.score(judged, workers: workers).logProb
    )
    let rows = p.indices.filter { p[$0].isFinite && q[$0].isFinite }
    let summary = LikelihoodSummary(rows.map { q[$0] })
    (record.heldOut, record.heldOutStandardError) = (summary.mean, summary.standardError)
    (record.heldOutRows, record.tableRows) = (rows.count, judged.rowCount)
    for baseline in try student.baselines(judged) {
      let mean = LikelihoodSummary(baseline.logProb).mean
      if baseline.key == "gaussian" { record.heldOutGaussian = mean }
      if baseline.key == "independent" { record.heldOutIndependent = mean }
    }
    if table != nil {
      let difference = LikelihoodSummary(rows.map { q[$0] - p[$0] })
      heldOut = (
        LikelihoodSummary(rows.map { p[$0] }).mean, summary.mean,
        Distillation.Estimate(mean: difference.mean, standardError: difference.standardError)
      )
    }
    let times = try timing([teacher, student], sample.selecting(rows: 0..<min(8192, sample.rowCount)))
    record.seconds = seconds()
    student = model(record)
    return Distillation(
      student: student, forwardKL: forward, reverseKL: backward, heldOut: heldOut,
      parameters: (teacher.record.parameterCount, record.parameterCount),
      bytes: (try teacher.encoded().count, try student.encoded().count), secondsPerRow: (times[0], times[1]))
  }

  private func divergences(
    _ student: DensityModel, count: Int, workers: WorkerPool
  ) throws -> (forward: Distillation.Estimate, backward: Distillation.Estimate) {
    func estimate(_ a: [Double], _ b: [Double]) -> Distillation.Estimate {
      let summary = LikelihoodSummary(zip(a, b).map { $0 - $1 })
      return Distillation.Estimate(mean: summary.mean, standardError: summary.standardError)
    }
    if let flow {
      func scores(_ flow: Flow<Float>, _ x: Matrix<Float>, _ context: Matrix<Float>?) throws -> [Double] {
        try flow.logProb(x, context: context, workers: workers).map { Double($0) }
      }
      let context = contexts(count, seed: seed &+ 1)
      let x = try flow.sample(count: count, context: context, seed: seed &+ 1, workers: workers)
      let y = try student.flow.sample(count: count, context: context, seed: seed &+ 2, workers: workers)
      return (
        estimate(try scores(flow, x, context), try scores(student.flow, x, context)),
        estimate(try scores(student.flow, y, context), try scores(flow, y, context))
      )
    }
    let x = try Self.sample(teacher, given: given, count: count, seed: seed &+ 1, workers: workers)
    let y = try Self.sample(student, given: given, count: count, seed: seed &+ 2, workers: workers)
    return (
      estimate(
        try teacher.score(x, workers: workers).logProb, try student.score(x, workers: workers).logProb),
      estimate(
        try student.score(y, workers: workers).logProb, try teacher.score(y, workers: workers).logProb)
    )
  }

  /// Seconds a row on one thread: the best of three rounds, the models in turn.
  private func timing(_ models: [any TableModel], _ table: Table) throws -> [Double] {
    var best = [Double](repeating: .infinity, count: models.count)
    for _ in 0..<3 {
      for (number, model) in models.enumerated() {
        let start = ContinuousClock().now
        _ = try model.score(table, workers: nil)
        best[number] = min(best[number], (ContinuousClock().now - start).inSeconds / Double(max(table.rowCount, 1)))
      }
    }
    return best
  }
}
