import Pushforward

// p(body mass | species, flipper length): the distribution of one column under conditions, one of them a category.
let file = CommandLine.arguments.dropFirst().first ?? "Examples/Data/penguins.csv"
let table = try Table(contentsOf: file)
let options = FitOptions(columns: ["body_mass_g"], given: ["species", "flipper_length_mm"], seed: 1)
let model = try DensityModel.fit(table, options: options)
print("held out: \(model.record.heldOut) nats a row; linear with normal errors: \(model.record.heldOutGaussian)")

// What a penguin weighs whose flippers are 200 mm long.
for species in ["Adelie", "Chinstrap", "Gentoo"] {
  let drawn = try model.sample(count: 2000, given: ["species": species, "flipper_length_mm": "200"], seed: 2)
  let mass = try drawn.numbers("body_mass_g").sorted()
  print("\(species): 90 % between \(Int(mass[100])) and \(Int(mass[1900])) g, median \(Int(mass[1000])) g")
}

// Which species a penguin of 4100 g and 200 mm is, by Bayes' rule with equal priors: densities of three rows.
let species = ["Adelie", "Chinstrap", "Gentoo"]
let question = try Table([
  ("species", .categories(CategoryColumn(species))),
  ("flipper_length_mm", .numbers(NumberColumn([200, 200, 200]))),
  ("body_mass_g", .numbers(NumberColumn([4100, 4100, 4100]))),
])
let logDensities = try model.score(question).logProb
for (name, value) in zip(species, logDensities) { print("log p(4100 g | \(name), 200 mm) = \(value)") }
