import Pushforward

// Learns a table's distribution, scores the rows, draws new ones, keeps the model: the whole job in twenty lines.
let file = CommandLine.arguments.dropFirst().first ?? "Examples/Data/penguins.csv"
let table = try Table(contentsOf: file)

let measures = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
let model = try DensityModel.fit(table, options: FitOptions(columns: measures, seed: 1))
print("held-out log-likelihood: \(model.record.heldOut) nats a row")
print("one normal distribution: \(model.record.heldOutGaussian) nats a row")

let scores = try model.score(table)
let rarest = scores.scoredRows.min { scores.logProb[$0] < scores.logProb[$1] }!
print("the rarest penguin is in row \(rarest + 1); not scored: \(scores.leftOutNote ?? "none")")

let drawn = try model.sample(count: 1000, seed: 2)
try drawn.write(to: "drawn.csv")
print("mean mass of 1000 drawn penguins: \(try drawn.numbers("body_mass_g").reduce(0, +) / 1000) g")

try model.save(to: "penguins.model")
let again = try DensityModel(contentsOf: "penguins.model")
print("the saved model scores alike: \(try again.score(table).logProb[0] == scores.logProb[0])")
