import CLinux
import Manifest
import Service

/// Starts programs with an account of their own.
enum ProgramStarter {
    /// Its process, or -errno. `account` nil: this process's.
    static func start(
        _ arguments: [String], environment: [String], output: String?, input: String?, third: Int32 = -1,
        as account: (user: UInt32, group: UInt32)?
    ) -> pid_t {
        let further = account.map { groups(of: $0.user) } ?? []
        return withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                withOptional(output) { output in
                    withOptional(input) { input in
                        var program = cl_program()
                        program.arguments = arguments
                        program.environment = environment
                        program.output = output
                        program.input = input
                        program.third = third
                        program.user = account.map { Int64($0.user) } ?? -1
                        program.group = account.map { Int64($0.group) } ?? -1
                        return further.withUnsafeBufferPointer { groups in
                            program.groups = groups.baseAddress
                            program.group_count = Int32(groups.count)
                            return "/".withCString { folder in
                                program.folder = folder
                                return cl_start_program(&program)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The groups that a user is in besides its own: Debian lets `ssl-cert` read TLS keys, and postgres is in it.
    private static func groups(of user: UInt32) -> [UInt32] {
        let table = AccountTable(
            passwd: SmallFile.read("/etc/passwd", limit: 1 << 20) ?? [],
            group: SmallFile.read("/etc/group", limit: 1 << 20) ?? [])
        guard let name = table.users.first(where: { $0.id == user })?.name else { return [] }
        return table.groups.filter { $0.members.contains(name) }.map { $0.id }
    }

    /// Becomes another program; returns only when that fails, with -errno.
    static func become(_ path: String, _ arguments: [String]) -> Int32 {
        withCStrings(arguments) { cl_replace_process(path, $0) }
    }

    private static func withOptional<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }

    private static func withCStrings<R>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes += text.utf8.map { CChar(bitPattern: $0) }
            bytes.append(0)
        }
        return bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = []
            for start in starts { pointers.append(buffer.baseAddress?.advanced(by: start)) }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { list in
                guard let base = list.baseAddress else {
                    fatalError("an array of one or more has an address")
                }
                return body(base)
            }
        }
    }
}
