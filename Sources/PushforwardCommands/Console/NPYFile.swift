import PushforwardInterchange

/// Writes a matrix of single-precision numbers as a NumPy file (`.npy`, version 1.0).
enum NPYFile {
  /// Whether a path asks for one.
  static func isMeant(by path: String?) -> Bool { path?.lowercased().hasSuffix(".npy") ?? false }

  /// Writes `rows x columns`, row-major, to a file that appears when it is complete.
  ///
  /// - Throws: `FileError.cannotWrite`.
  static func write(_ values: [Float], rows: Int, columns: Int, to path: String) throws {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    // Magic, version and length take ten bytes; the data begin at a multiple of 64.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    let start = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
    let file = try AtomicFile(path: path)
    try start.withUnsafeBytes { try file.write($0) }
    try values.map(\.bitPattern.littleEndian).withUnsafeBytes { try file.write($0) }
    try file.commit()
  }
}
