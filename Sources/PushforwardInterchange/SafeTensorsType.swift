/// The type of a tensor's elements, as named in the header of a safetensors file.
public enum SafeTensorsType: String, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool = "BOOL"
  /// 8-bit unsigned.
  case uint8 = "U8"
  /// 8-bit signed.
  case int8 = "I8"
  /// 16-bit unsigned.
  case uint16 = "U16"
  /// 16-bit signed.
  case int16 = "I16"
  /// 16-bit IEEE float.
  case float16 = "F16"
  /// The upper half of a 32-bit float.
  case bfloat16 = "BF16"
  /// 32-bit unsigned.
  case uint32 = "U32"
  /// 32-bit signed.
  case int32 = "I32"
  /// 32-bit IEEE float.
  case float32 = "F32"
  /// 64-bit unsigned.
  case uint64 = "U64"
  /// 64-bit signed.
  case int64 = "I64"
  /// 64-bit IEEE float.
  case float64 = "F64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }
}

/// A Swift number that a tensor can hold.
public protocol SafeTensorsElement: BitwiseCopyable, Sendable {
  /// Its name in the file.
  static var safeTensorsType: SafeTensorsType { get }
}

extension Float: SafeTensorsElement {
  /// `F32`.
  public static var safeTensorsType: SafeTensorsType { .float32 }
}

extension Double: SafeTensorsElement {
  /// `F64`.
  public static var safeTensorsType: SafeTensorsType { .float64 }
}

extension UInt8: SafeTensorsElement {
  /// `U8`.
  public static var safeTensorsType: SafeTensorsType { .uint8 }
}

extension Int32: SafeTensorsElement {
  /// `I32`.
  public static var safeTensorsType: SafeTensorsType { .int32 }
}

extension Int64: SafeTensorsElement {
  /// `I64`.
  public static var safeTensorsType: SafeTensorsType { .int64 }
}
