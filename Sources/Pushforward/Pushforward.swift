@_exported import PushforwardCore
@_exported import PushforwardEstimators
@_exported import PushforwardEvaluation
@_exported import PushforwardInterchange
@_exported import PushforwardMixtures
@_exported import PushforwardModels
@_exported import PushforwardTables
@_exported import PushforwardTraining
