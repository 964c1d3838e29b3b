import Pushforward

// One model made of three that were fitted separately: a flow, a Gaussian mixture and a kernel density of the same columns.
// The weights are chosen on rows that no member has seen, and judged on others again.
let file = CommandLine.arguments.dropFirst().first ?? "Examples/Data/penguins.csv"
let measures = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
let table = try Table(contentsOf: file)
let order = RandomStream(seed: 5, purpose: .shuffle).permutation(count: table.rowCount).map { Int($0) }
let training = table.selecting(rows: Array(order[..<200]))
let choosing = table.selecting(rows: Array(order[200..<270]))
let judging = table.selecting(rows: Array(order[270...]))

// 1. The members, each by itself.
var members: [any TableModel] = []
for kind in [ModelKind.nsf, .gmm, .kde] {
  members.append(try Models.fit(training, options: FitOptions(model: kind, columns: measures, seed: 1)))
}

// 2. The weights: those of the greatest likelihood, which a bound proves.
let found = try Models.mixture(of: members, on: choosing)
for (member, (weight, alone)) in zip(members, zip(found.model.weights, found.alone)) {
  print("\(member.record.model.rawValue): weight \(weight), alone \(alone) nats a row")
}
print("the mixture on the same rows: \(found.logLikelihood)")
print("no other weights gain more than: \(found.gap)")

// 3. Judged on rows that chose nothing.
let best = try members.map { try $0.evaluate(judging).model.mean }.max()!
print("other rows, the best member: \(best)")
print("other rows, the mixture: \(try found.model.evaluate(judging).model.mean)")

// 4. It is a model like any other: it draws, it answers for missing cells, it is one file.
let drawn = try found.model.sample(count: 1000, given: nil, seed: 2, firstRow: 0, workers: nil)
print("mean mass of 1000 drawn penguins: \(try drawn.numbers("body_mass_g").reduce(0, +) / 1000) g")
let long = try Table(numbers: ["flipper_length_mm": [Double](repeating: 225, count: 200)])
let filled = try found.model.complete(long, seed: 3, firstRow: 0, draw: 0, workers: nil)
print("mean mass with flippers of 225 mm: \(try filled.numbers("body_mass_g").reduce(0, +) / 200) g")
try found.model.save(to: "combined.model")

// 5. A chain: the species first, the measures given the species.
let species = try Models.fit(training, options: FitOptions(model: .gmm, columns: ["species"], seed: 1))
let given = try Models.fit(
  training, options: FitOptions(model: .gmm, columns: measures, given: ["species"], seed: 1))
let chain = try Models.chain(of: [species, given])
let asked = try judging.selecting(columns: measures)
let guessed = try chain.complete(asked, seed: 4, firstRow: 0, draw: 0, workers: nil)
let truth = try judging.column("species").categories
let right = (0..<judging.rowCount).count { guessed["species"]?.categories[$0] == truth[$0] }
print("\(ModelChain.formula(chain.members)) names the species from the measures: \(right) of \(judging.rowCount)")
