// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "PushforwardBenchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Pushforward", path: "..")],
  targets: [
    .executableTarget(
      name: "ModelBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "StageBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "ScaleBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "MixtureBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "ChainBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "SequenceBenchmarks", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
    .target(name: "CPeak"),
    .target(name: "CAllocations"),
    .executableTarget(
      name: "AllocationBenchmarks",
      dependencies: ["CAllocations", .product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "MicroBenchmarks", dependencies: ["CPeak", .product(name: "PushforwardLibrary", package: "Pushforward")]),
    .executableTarget(
      name: "RoundTrip", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")]),
  ],
  swiftLanguageModes: [.v6]
)
