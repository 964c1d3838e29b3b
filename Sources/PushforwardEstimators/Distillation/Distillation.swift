import PushforwardCore
import PushforwardEvaluation
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// The splines of a student.
public enum SplineKind: String, Sendable, CaseIterable {
  /// Slope constant in each bin.
  case linear
  /// Slope linear in each bin.
  case quadratic
  /// Ratio of quadratic polynomials (Durkan et al. 2019).
  case rationalQuadratic = "rational-quadratic"

  /// A flow's layers with these splines, each after an affine step, in place of rational-quadratic ones.
  ///
  /// A shallow flow has no other layer that brings a narrow conditional distribution to where the spline's bins are.
  func applied(to bijection: BijectionSpecification) -> BijectionSpecification {
    switch bijection {
    case .composition(let parts): return .composition(parts.map { applied(to: $0) })
    case .autoregressive(.rationalQuadraticSpline(let bins, let bound, let bin, let slope), let network):
      let spline: Transformer =
        switch self {
        case .rationalQuadratic: .spline(bins: bins, bound: bound)
        case .linear: .linearSpline(bins: bins, bound: bound, minimumBin: bin)
        case .quadratic: .quadraticSpline(bins: bins, bound: bound, minimumBin: bin, minimumSlope: slope)
        }
      return .autoregressive(transformer: .afterAffine(logScaleBound: 7, spline), network: network)
    default: return bijection
    }
  }
}

/// What a distillation may be told.
public struct DistillationOptions: Sendable {
  /// Autoregressive layers of the student.
  public var layers = 2
  /// Hidden layers of each; `nil`: three, of three quarters of a flow teacher's width less 16, at least half of it, of 80 for
  /// others.
  public var hidden: [Int]?
  /// The splines.
  public var transformer = SplineKind.rationalQuadratic
  /// Bins of the splines; `nil`: 8, linear ones 24.
  public var bins: Int?
  /// Weight of the match of log-densities beside the likelihood; 0: likelihood alone.
  public var matching = 1.0
  /// Rows a step.
  public var batchSize = 256
  /// AdamW's highest rate.
  public var learningRate = 7e-3
  /// Epochs of 32,768 fresh draws each, at most.
  public var maximumEpochs = 400
  /// Seconds at most.
  public var maximumSeconds: Double?
  /// Seed of everything random.
  public var seed: UInt64 = 0
  /// Threads; one for each processor when `nil`.
  public var workers: Int?

  /// The defaults.
  public init() {}
}

/// A student and how it compares with its teacher.
public struct Distillation: Sendable {
  /// A mean with its standard error.
  public struct Estimate: Sendable {
    /// The mean.
    public var mean: Double
    /// Its standard error.
    public var standardError: Double
  }

  /// The student.
  public let student: DensityModel
  /// KL(teacher ‖ student): mean of log p − log q at draws of the teacher, nats a row.
  public let forwardKL: Estimate
  /// KL(student ‖ teacher): mean of log q − log p at draws of the student, nats a row.
  public let reverseKL: Estimate
  /// Mean log-likelihood of the rows given, nats a row: teacher, student, and the paired difference student − teacher.
  public let heldOut: (teacher: Double, student: Double, difference: Estimate)?
  /// Numbers that were trained: teacher, student.
  public let parameters: (teacher: Int, student: Int)
  /// Bytes of the model files: teacher, student.
  public let bytes: (teacher: Int, student: Int)
  /// Seconds to score a row on one thread, the best of three rounds in turn: teacher, student.
  public let secondsPerRow: (teacher: Double, student: Double)

  /// How many times as fast the student scores.
  public var speedRatio: Double { secondsPerRow.teacher / secondsPerRow.student }
  /// How many times as small its file is.
  public var sizeRatio: Double { Double(bytes.teacher) / Double(bytes.student) }
}

extension Models {
  /// Compresses a model of numeric columns into a shallow spline flow.
  ///
  /// The student is trained on draws of the teacher, fresh ones every epoch, by their likelihood and by the match of the
  /// teacher's log-density at them.
  ///
  /// - Parameters:
  ///   - teacher: Any model that draws rows and scores them; a flow is copied on its own scale.
  ///   - table: Rows that neither was fitted to, to judge both; needed where the teacher has conditions, whose values come
  ///     from there.
  ///   - options: Sizes of the student.
  ///   - shouldStop: `true` ends training with the best student so far.
  ///   - progress: Told what happens.
  /// - Returns: The student and the comparison.
  /// - Throws: `EstimatorError`, `TableError`, or what the teacher throws.
  public static func distill(
    _ teacher: any TableModel, table: Table? = nil, options: DistillationOptions = DistillationOptions(),
    shouldStop: () -> Bool = { false }, progress: (FitEvent) -> Void = { _ in }
  ) throws -> Distillation {
    let start = ContinuousClock().now
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let lesson = try TeacherLesson(teacher, table: table, seed: options.seed, workers: workers)
    // What a row costs whatever the width weighs more in narrow flows.
    let wide = lesson.teacherWidth ?? 128
    let hidden = options.hidden ?? [Int](repeating: max(wide * 3 / 4 - 16, wide / 2, 8), count: 3)
    let bins = options.bins ?? (options.transformer == .linear ? 24 : 8)
    let size = FlowFamily.Size(
      transforms: options.layers, network: NetworkSettings(hidden: hidden, activation: .silu), bins: bins, bound: 5)
    var specification = FlowFamily.nsf.specification(
      features: lesson.encoder.columns.count, contextFeatures: lesson.encoder.conditionWidth, size: size)
    specification.bijection = options.transformer.applied(to: specification.bijection)
    var flow = try Flow<Float>(specification, seed: options.seed)
    progress(
      .stage(
        "student: \(options.layers) layers, conditioners \(hidden.map(String.init).joined(separator: " x ")), "
          + "\(bins) bins (\(options.transformer.rawValue)); "
          + "\(flow.network.layout.trainedCount) parameters "
          + "(teacher: \(teacher.record.parameterCount))"))
    var settings = TrainingSettings()
    settings.batchSize = options.batchSize
    settings.learningRate = options.learningRate
    settings.weightDecay = 0
    settings.maximumEpochs = options.maximumEpochs
    settings.patience = max(10, options.maximumEpochs / 5)
    settings.maximumSeconds = options.maximumSeconds
    settings.seed = options.seed
    let training = TeacherSource(
      first: try lesson.draws(TeacherLesson.rowsPerEpoch, number: 0, workers: workers), names: lesson.names
    ) { epoch, workers in try lesson.draws(TeacherLesson.rowsPerEpoch, number: epoch, workers: workers) }
    let judging = TeacherSource(
      first: try lesson.draws(8192, number: -1, workers: workers), names: lesson.names
    ) { _, _ in throw TrainingError.noRows }
    progress(.training(epochs: settings.maximumEpochs))
    let trainer = try Trainer(
      objective: DensityMatching(network: flow.network, strength: lesson.matches ? options.matching : 0),
      training: training,
      heldOut: judging, settings: settings)
    let result = try trainer.run(from: flow.parameters, workers: workers, shouldStop: shouldStop) {
      progress(.progress($0))
    }
    if let failure = training.failure { throw failure }
    flow.parameters = result.parameters
    return try lesson.compare(
      flow, plan: FitPlan(size: size, training: settings), result: result, table: table, options: options,
      seconds: { (ContinuousClock().now - start).inSeconds }, workers: workers)
  }
}
