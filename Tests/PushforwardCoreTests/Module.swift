import Testing
import PushforwardCore
