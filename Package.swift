// swift-tools-version: 6.1
import PackageDescription

// One line a module, in the order of the arrows (see ARCHITECTURE.md): a target may depend only on those above it.
// Every module that a target imports is named, also those that come along with another: only then is the target built
// again when one of them changes.
let package = Package(
  name: "Pushforward",
  platforms: [.macOS(.v15)],
  products: [
    // The executable is `pushforward`; file systems that ignore case rule out a library product `Pushforward`.
    .executable(name: "pushforward", targets: ["PushforwardCLI"]),
    .library(name: "PushforwardLibrary", targets: ["Pushforward"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CKernels"),
    // The system's SQLite.
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"]), .yum(["sqlite-devel"]), .brew(["sqlite"])]),
    .target(name: "PushforwardCore", dependencies: ["CKernels"]),
    .target(name: "PushforwardModels", dependencies: ["CKernels", "PushforwardCore"]),
    .target(name: "PushforwardMixtures", dependencies: ["CKernels", "PushforwardCore", "PushforwardModels"]),
    .target(
      name: "PushforwardSequences",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardMixtures"]),
    .target(name: "PushforwardTraining", dependencies: ["PushforwardCore", "PushforwardModels"]),
    .target(
      name: "PushforwardChains",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardTraining"]),
    .target(
      name: "PushforwardLatent",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardTraining"]),
    .target(
      name: "PushforwardTables",
      dependencies: [
        "CKernels", "CSQLite", "PushforwardCore",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(name: "PushforwardEvaluation", dependencies: ["PushforwardCore", "PushforwardModels"]),
    .target(name: "PushforwardInterchange", dependencies: ["PushforwardCore"]),
    .target(
      name: "PushforwardEstimators",
      dependencies: [
        "PushforwardCore", "PushforwardModels", "PushforwardMixtures", "PushforwardChains", "PushforwardSequences",
        "PushforwardTraining", "PushforwardLatent",
        "PushforwardTables", "PushforwardEvaluation", "PushforwardInterchange",
      ]),
    .target(
      name: "Pushforward",
      dependencies: [
        "PushforwardCore", "PushforwardModels", "PushforwardMixtures", "PushforwardChains", "PushforwardSequences",
        "PushforwardTraining", "PushforwardLatent",
        "PushforwardTables", "PushforwardEvaluation", "PushforwardInterchange", "PushforwardEstimators",
      ]),
    .target(
      name: "PushforwardCommands",
      dependencies: [
        "PushforwardCore", "PushforwardModels", "PushforwardMixtures", "PushforwardChains", "PushforwardSequences",
        "PushforwardTraining", "PushforwardLatent",
        "PushforwardTables", "PushforwardEvaluation", "PushforwardInterchange", "PushforwardEstimators", "Pushforward",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "PushforwardCLI", dependencies: ["PushforwardCommands"]),

    .executableTarget(name: "ExampleTwentyLines", dependencies: ["Pushforward"], path: "Examples/TwentyLines"),
    .executableTarget(name: "ExampleConditionalFlow", dependencies: ["Pushforward"], path: "Examples/ConditionalFlow"),
    .executableTarget(name: "ExampleCombinedModels", dependencies: ["Pushforward"], path: "Examples/CombinedModels"),
    .executableTarget(name: "ExampleOwnTrainingLoop", dependencies: ["Pushforward"], path: "Examples/OwnTrainingLoop"),
    .executableTarget(
      name: "ExampleUnnormalisedDensity", dependencies: ["Pushforward"], path: "Examples/UnnormalisedDensity"),

    .executableTarget(name: "InstructionWork", dependencies: ["Pushforward"], path: "Benchmarks/InstructionWork"),

    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .testTarget(name: "PushforwardCoreTests", dependencies: ["PushforwardCore"]),
    .testTarget(name: "PushforwardModelsTests", dependencies: ["PushforwardCore", "PushforwardModels"]),
    .testTarget(
      name: "PushforwardMixturesTests",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardMixtures"]),
    .testTarget(
      name: "PushforwardSequencesTests",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardMixtures", "PushforwardSequences"]),
    .testTarget(name: "PushforwardInterchangeTests", dependencies: ["PushforwardInterchange"]),
    .testTarget(
      name: "PushforwardTablesTests",
      dependencies: ["PushforwardTables", "CKernels", "CSQLite"]),
    .testTarget(
      name: "PushforwardEvaluationTests",
      dependencies: ["PushforwardCore", "PushforwardModels", "PushforwardEvaluation"]),
    .testTarget(
      name: "PushforwardEstimatorsTests",
      dependencies: [
        "PushforwardCore", "PushforwardModels", "PushforwardMixtures", "PushforwardChains", "PushforwardSequences",
        "PushforwardTraining", "PushforwardLatent",
        "PushforwardTables", "PushforwardEvaluation", "PushforwardInterchange", "PushforwardEstimators", "Pushforward",
      ]),
    .testTarget(
      name: "PushforwardCommandsTests", dependencies: ["PushforwardCommands", "PushforwardCLI"], exclude: ["Cases"]),
    .testTarget(
      name: "PushforwardTrainingTests",
      dependencies: ["PushforwardCore", "PushforwardModels", "PushforwardTraining"]),
    .testTarget(
      name: "PushforwardChainsTests",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardTraining", "PushforwardChains"]),
    .testTarget(
      name: "PushforwardLatentTests",
      dependencies: ["CKernels", "PushforwardCore", "PushforwardModels", "PushforwardTraining", "PushforwardLatent"]),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "ExampleTwentyLines", "ExampleConditionalFlow", "ExampleCombinedModels", "ExampleOwnTrainingLoop",
        "ExampleUnnormalisedDensity",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
