import Pushforward

// p(body mass | species, flipper length): the distribution of one column under conditions, one of them a category.
let file = CommandLine.arguments.dropFirst().first ?? "Examples/Data/penguins.csv"
let table = try Table(contentsOf: file)
let options = FitOptions(columns: ["body_mass_g"], given: ["species", "flipper_length_mm"], seed: 1)
let model = try DensityModel.fit(table, options: options)
let record = model.record
print("held out, in nats a row: \(record.heldOut), without conditions \(record.heldOutIndependent)")

// What penguins weigh whose flippers have the usual length of their species.
let usual = [("Adelie", 190.0), ("Chinstrap", 196), ("Gentoo", 217)]
for (species, length) in usual {
  let given = ["species": species, "flipper_length_mm": String(length)]
  let mass = try model.sample(count: 2000, given: given, seed: 2).numbers("body_mass_g").sorted()
  print("\(species), \(length) mm: 90 % between \(mass[100]) and \(mass[1900]) g, median \(mass[1000]) g")
}

// The density of one mass under each of these conditions: a table of three rows.
let question = try Table([
  ("species", .categories(CategoryColumn(usual.map(\.0)))),
  ("flipper_length_mm", .numbers(NumberColumn(usual.map(\.1)))),
  ("body_mass_g", .numbers(NumberColumn([3700, 3700, 3700]))),
])
for (condition, score) in zip(usual, try model.score(question).logProb) {
  print("log p(3700 g | \(condition.0), \(condition.1) mm) = \(score)")
}
