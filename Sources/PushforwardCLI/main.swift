import Foundation
import PushforwardCommands

exit(Program.run(Array(CommandLine.arguments.dropFirst())))
