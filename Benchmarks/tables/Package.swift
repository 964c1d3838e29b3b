// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "TablesBenchmark",
  platforms: [.macOS(.v14)],
  dependencies: [.package(name: "Pushforward", path: "../..")],
  targets: [
    .executableTarget(
      name: "TablesBenchmark", dependencies: [.product(name: "PushforwardLibrary", package: "Pushforward")])
  ],
  swiftLanguageModes: [.v6]
)
