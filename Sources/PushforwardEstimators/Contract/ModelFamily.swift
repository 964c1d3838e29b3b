/// The types of model that a file can hold.
public enum ModelFamily: String, Sendable, CaseIterable {
  /// A flow over the numeric columns, and the models that are written as one: `DensityModel`.
  case flow
  /// Gaussian mixtures: `MixtureModel`.
  case mixture
  /// Kernel densities: `KernelModel`.
  case kernel
  /// Hidden Markov models: `SequenceModel`.
  case sequences
  /// Mixtures of models: `ModelMixture`.
  case modelMixture = "model_mixture"
  /// Chains of models: `ModelChain`.
  case chain
  /// Flows with a model of their latent space: `ModelStack`.
  case stack
  /// Variational autoencoders: `LatentModel`.
  case latent

  /// Flows with learned noise in the cells of recorded values: `DequantizedModel`.
  case dequantized

  /// Typed chains: `MixedModel`.
  case mixed
  /// A discrete chain times a flow: `MixedFlowModel`.
  case mixedFlow = "mixed_flow"

  /// The Swift type.
  public var type: any TableModel.Type {
    switch self {
    case .flow: DensityModel.self
    case .mixture: MixtureModel.self
    case .mixed: MixedModel.self
    case .mixedFlow: MixedFlowModel.self
    case .kernel: KernelModel.self
    case .sequences: SequenceModel.self
    case .modelMixture: ModelMixture.self
    case .chain: ModelChain.self
    case .stack: ModelStack.self
    case .latent: LatentModel.self
    case .dequantized: DequantizedModel.self
    }
  }
}

extension ModelKind {
  /// The family that fits a model of this name.
  public var family: ModelFamily {
    switch self {
    case .auto, .independent, .gaussian, .maf, .nsf, .nsfCoupling, .realNVP, .nice, .planar, .radial: .flow
    case .gmm: .mixture
    case .mixed: .mixed
    case .mixedFlow: .mixedFlow
    case .kde: .kernel
    case .hmm: .sequences
    case .mixture: .modelMixture
    case .chain: .chain
    case .stack: .stack
    case .vae, .cvae: .latent
    }
  }
}
