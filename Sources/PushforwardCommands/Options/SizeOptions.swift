import ArgumentParser
import PushforwardEstimators
import PushforwardMixtures
import PushforwardTables

/// Sizes and settings of a fit; what is not given is chosen from the rows and columns.
struct SizeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of autoregressive or coupling layers.", valueName: "n"))
  var transforms: Int?

  @Option(help: ArgumentHelp("Widths of each conditioner's hidden layers, separated by commas.", valueName: "w,w"))
  var hidden: String?

  @Option(help: ArgumentHelp("Spline bins.", valueName: "n"))
  var bins: Int?

  @Option(help: ArgumentHelp("Dropout of the conditioners, from 0 to below 1.", valueName: "p"))
  var dropout: Double?

  @Option(help: ArgumentHelp("Components of a mixture (gmm).", valueName: "n"))
  var components: Int?

  @Option(help: "Covariances of a mixture's components (gmm).")
  var covariance: CovarianceChoice?

  /// The choices of `--covariance`.
  enum CovarianceChoice: String, ExpressibleByArgument, CaseIterable {
    case full, tied, diagonal, spherical
  }

  @Option(help: ArgumentHelp("Chains to average, each with the columns in another order (mixed).", valueName: "n"))
  var orders = 1

  @Option(name: .customLong("batch-size"), help: ArgumentHelp("Rows a step.", valueName: "n"))
  var batchSize: Int?

  @Option(name: .customLong("learning-rate"), help: ArgumentHelp("The highest rate.", valueName: "r"))
  var learningRate: Double?

  @Option(name: .customLong("weight-decay"), help: ArgumentHelp("L2 term on weight matrices.", valueName: "d"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("Validations without improvement before stopping.", valueName: "n"))
  var patience: Int?

  @Option(name: .customLong("held-out"), help: ArgumentHelp("Share of the rows held out.", valueName: "share"))
  var heldOut = 0.1

  @Option(
    help: ArgumentHelp(
      "How columns are brought to the model's scale: by their own distribution, atoms included, or by mean and deviation alone."
    ))
  var scaling = Scaling.marginal

  /// The choices of `--scaling`.
  enum Scaling: String, ExpressibleByArgument, CaseIterable {
    case marginal, standard
  }

  @Option(
    help: ArgumentHelp(
      "Where in its recording step a flow takes a number to lie: anywhere, or as it learns (then scores are lower bounds)."
    ))
  var dequantize = Noise.uniform

  /// The choices of `--dequantize`.
  enum Noise: String, ExpressibleByArgument, CaseIterable {
    case uniform, variational
  }

  func validate() throws {
    if let transforms, !(1...1024).contains(transforms) {
      throw ValidationError("--transforms: expected a whole number from 1 to 1024, found \(transforms)")
    }
    if let hidden, widths == nil {
      throw ValidationError("--hidden: expected widths from 1 to 65536, separated by commas, found '\(hidden)'")
    }
    if let bins, !(2...64).contains(bins) {
      throw ValidationError("--bins: expected a whole number from 2 to 64, found \(bins)")
    }
    if let dropout, !(0..<1).contains(dropout) {
      throw ValidationError("--dropout: expected a number from 0 to below 1, found \(dropout)")
    }
    if let components, !(1...100_000).contains(components) {
      throw ValidationError("--components: expected a whole number from 1 to 100000, found \(components)")
    }
    if !(1...64).contains(orders) {
      throw ValidationError("--orders: expected a whole number from 1 to 64, found \(orders)")
    }
    if let batchSize, batchSize < 1 {
      throw ValidationError("--batch-size: expected a whole number from 1, found \(batchSize)")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate: expected a number above 0, found \(learningRate)")
    }
    if let weightDecay, !(weightDecay >= 0 && weightDecay.isFinite) {
      throw ValidationError("--weight-decay: expected a number from 0, found \(weightDecay)")
    }
    if let patience, patience < 1 {
      throw ValidationError("--patience: expected a whole number from 1, found \(patience)")
    }
    if !(heldOut >= 0 && heldOut <= 0.9) {
      throw ValidationError("--held-out: expected a number from 0 to 0.9, found \(heldOut)")
    }
  }

  private var widths: [Int]? {
    guard let hidden else { return nil }
    let parts = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ ($0 ?? 0) > 0 && $0! <= 65536 }) else { return nil }
    return parts.map { $0! }
  }

  /// Puts what was given into the options of a fit.
  func apply(to options: inout FitOptions) {
    options.transforms = transforms
    options.hidden = widths
    options.bins = bins
    options.dropout = dropout
    options.components = components
    options.covariance = covariance.flatMap { CovarianceKind(rawValue: $0.rawValue) }
    options.chain.orders = orders
    options.batchSize = batchSize
    options.learningRate = learningRate
    options.weightDecay = weightDecay
    options.patience = patience
    options.heldOutFraction = heldOut
    options.dequantization = dequantize == .variational ? .variational : .uniform
    if scaling == .standard {
      options.encoder.transform = .standard
      options.encoder.allowsLog = false
      options.encoder.jitter = .wholeNumbers
    }
  }
}
