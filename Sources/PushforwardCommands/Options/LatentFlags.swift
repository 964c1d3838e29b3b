import ArgumentParser
import PushforwardEstimators
import PushforwardLatent
import PushforwardModels

/// Settings of a variational autoencoder.
struct LatentFlags: ParsableArguments {
  @Option(
    name: .customLong("latent"), parsing: .unconditional,
    help: ArgumentHelp("Features of the latent space (vae, cvae).", valueName: "n"))
  var features: Int?

  @Option(help: "The encoder's distribution of the latent value: normal, or a flow behind a normal (vae, cvae).")
  var posterior = Posterior.gaussian

  @Option(help: "The prior of the latent value: normal, or a flow (vae, cvae).")
  var prior = Prior.normal

  @Option(help: "How columns of whole numbers are modelled; reals are normal on their own scale (vae, cvae).")
  var likelihood = Likelihood.auto

  @Option(
    name: .customLong("warm-up"), parsing: .unconditional,
    help: ArgumentHelp("Epochs over which the divergence's weight rises to 1 (vae, cvae).", valueName: "epochs"))
  var warmUp: Double?

  @Option(
    name: .customLong("free-bits"), parsing: .unconditional,
    help: ArgumentHelp(
      "Divergence that costs nothing while training, nats a latent feature (vae, cvae).", valueName: "nats"))
  var freeBits = 0.0

  @Option(
    name: .customLong("training-draws"), parsing: .unconditional,
    help: ArgumentHelp(
      "Draws a row while training: 1 for the evidence bound, more for the importance-weighted one (vae, cvae).",
      valueName: "n"))
  var trainingDraws = 1

  @Option(
    name: .customLong("scoring-draws"), parsing: .unconditional,
    help: ArgumentHelp("Draws a row for the estimate of its log-likelihood (vae, cvae).", valueName: "n"))
  var scoringDraws = 100

  @Option(
    name: .customLong("hidden-rows"), parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the rows of which some cells are hidden while training, so that the encoder can answer for rows with "
        + "missing cells (vae, cvae).", valueName: "share"))
  var hiddenRows: Double?

  /// The choices of `--posterior`.
  enum Posterior: String, ExpressibleByArgument, CaseIterable {
    case gaussian, planar, radial, iaf, maf, spline
  }

  /// The choices of `--prior`.
  enum Prior: String, ExpressibleByArgument, CaseIterable {
    case normal, maf, nsf
    case nsfCoupling = "nsf-coupling"
    case realNVP = "realnvp"
    case planar, radial
  }

  /// The choices of `--likelihood`.
  enum Likelihood: String, ExpressibleByArgument, CaseIterable {
    case auto, gaussian, logistic, categorical
  }

  func validate() throws {
    func require(_ holds: Bool, _ option: String, _ expected: String, _ found: Any) throws {
      if !holds { throw ValidationError("--\(option): expected \(expected), found \(found)") }
    }
    if let features {
      try require((1...4096).contains(features), "latent", "a whole number from 1 to 4096", features)
    }
    if let warmUp { try require(warmUp >= 0 && warmUp.isFinite, "warm-up", "a number from 0", warmUp) }
    try require(freeBits >= 0 && freeBits.isFinite, "free-bits", "a number from 0", freeBits)
    try require(
      (1...1000).contains(trainingDraws), "training-draws", "a whole number from 1 to 1000", trainingDraws)
    try require(
      (2...1_000_000).contains(scoringDraws), "scoring-draws", "a whole number from 2 to 1000000", scoringDraws)
    if let hiddenRows { try require((0...1).contains(hiddenRows), "hidden-rows", "a number from 0 to 1", hiddenRows) }
  }

  /// Puts what was given into the options of a fit.
  func apply(to options: inout FitOptions) {
    options.latent.features = features
    options.latent.posterior = PosteriorFlow.Family(rawValue: posterior.rawValue)
    options.latent.prior = FlowFamily(rawValue: prior.rawValue)
    options.latent.likelihood = LatentOptions.Likelihood(rawValue: likelihood.rawValue) ?? .auto
    options.latent.warmUpEpochs = warmUp
    options.latent.freeBits = freeBits
    options.latent.trainingDraws = trainingDraws
    options.latent.scoringDraws = scoringDraws
    options.latent.hiddenShare = hiddenRows
  }
}
