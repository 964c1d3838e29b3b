import PushforwardMixtures
import PushforwardModels
import PushforwardTables
import PushforwardTraining

/// What to fit.
///
/// Everything left out is chosen from the rows and columns.
public struct FitOptions: Sendable {
  /// The model.
  public var model = ModelKind.auto
  /// Columns to model; `nil`: all numeric ones that are not conditions.
  public var columns: [String]?
  /// Columns to condition on.
  public var given: [String] = []
  /// Column of row weights.
  public var weights: String?
  /// Seed of everything random.
  public var seed: UInt64 = 0
  /// What a schema file declares.
  public var overrides = SchemaOverrides()
  /// How columns are brought to the model's scale.
  public var encoder = EncoderOptions()
  /// Number of autoregressive or coupling layers.
  public var transforms: Int?
  /// Hidden layers of each conditioner.
  public var hidden: [Int]?
  /// Dropout of the conditioners.
  public var dropout: Double?
  /// Spline bins.
  public var bins: Int?
  /// Components of a mixture; `nil`: held-out rows choose.
  public var components: Int?
  /// Covariances of a mixture's components; `nil`: held-out rows choose.
  public var covariance: CovarianceKind?
  /// What a typed chain may be told.
  public var chain = ChainOptions()
  /// What a hidden Markov model may be told.
  public var sequences = SequenceOptions()
  /// What a variational autoencoder may be told.
  public var latent = LatentOptions()
  /// Where in its recording cell a flow takes a value to lie.
  public var dequantization = Dequantization.uniform
  /// Rows a step.
  public var batchSize: Int?
  /// AdamW's highest rate.
  public var learningRate: Double?
  /// L2 term.
  public var weightDecay: Double?
  /// Passes over the rows at most.
  public var maximumEpochs: Int?
  /// Validations without improvement before stopping.
  public var patience: Int?
  /// Seconds at most.
  public var maximumSeconds: Double?
  /// Share of the rows held out to decide when to stop.
  public var heldOutFraction = 0.1
  /// Numbers of the table's rows that are held out, in place of a share: for models that are to be compared or combined.
  package var heldOutRows: [Int]?
  /// Threads; one for each processor when `nil`.
  ///
  /// Does not change the result.
  public var workers: Int?

  /// What is said here; everything else is chosen.
  public init(
    model: ModelKind = .auto, columns: [String]? = nil, given: [String] = [], seed: UInt64 = 0
  ) {
    self.model = model
    self.columns = columns
    self.given = given
    self.seed = seed
  }
}

/// The models that `fit` knows.
public enum ModelKind: String, Codable, Sendable, CaseIterable {
  /// What suits the table, by its columns and by held-out rows: the default.
  case auto
  /// Each column by itself.
  case independent
  /// One normal distribution with full covariance.
  case gaussian
  /// Typed autoregressive chain: categories, whole numbers, reals and missing cells.
  case mixed
  /// Typed chain of everything that has masses, times a flow of the smooth reals given those.
  case mixedFlow = "mixed-flow"
  /// Gaussian mixture, categories and missing cells included.
  case gmm
  /// Kernel density.
  case kde
  /// Hidden Markov model.
  case hmm
  /// Mixture of fitted models; combined, not fitted.
  case mixture
  /// Product of fitted models of different columns; combined, not fitted.
  case chain
  /// Flow whose latent space another model describes; combined, not fitted.
  case stack
  /// Variational autoencoder of any columns.
  case vae
  /// Variational autoencoder given other columns.
  case cvae
  /// Masked autoregressive flow.
  case maf
  /// Neural spline flow, autoregressive.
  case nsf
  /// Neural spline flow of coupling layers.
  case nsfCoupling = "nsf-coupling"
  /// Affine coupling flow.
  case realNVP = "realnvp"
  /// Additive coupling flow.
  case nice
  /// Planar flow.
  case planar
  /// Radial flow.
  case radial

  /// The flow family; `nil` for the choice and for the two that are fitted in closed form.
  public var flowFamily: FlowFamily? { FlowFamily(rawValue: rawValue) }
}

/// Where in its recording cell a flow takes a value to lie while it is trained.
public enum Dequantization: String, Sendable, CaseIterable {
  /// Anywhere alike.
  case uniform
  /// As a flow conditional on the row has learned; scores are lower bounds then.
  case variational
}
