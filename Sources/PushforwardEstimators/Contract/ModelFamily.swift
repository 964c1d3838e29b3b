/// The types of model that a file can hold.
public enum ModelFamily: String, Sendable, CaseIterable {
  /// A flow over the numeric columns, and the models that are written as one: `DensityModel`.
  case flow
  /// Gaussian mixtures: `MixtureModel`.
  case mixture
  /// Kernel densities: `KernelModel`.
  case kernel

  /// The Swift type.
  public var type: any TableModel.Type {
    switch self {
    case .flow: DensityModel.self
    case .mixture: MixtureModel.self
    case .kernel: KernelModel.self
    }
  }
}

extension ModelKind {
  /// The family that fits a model of this name.
  public var family: ModelFamily {
    switch self {
    case .auto, .independent, .gaussian, .maf, .nsf, .nsfCoupling, .realNVP, .nice, .planar, .radial: .flow
    case .gmm: .mixture
    case .kde: .kernel
    }
  }
}
