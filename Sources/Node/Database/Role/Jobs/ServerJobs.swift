import CLinux
import Database

/// Jobs on a PostgreSQL that runs, or is to run.
extension JobRunner {
    /// A job's end that waits for the log to stand still looks so often.
    private static var restPolls: Int { 2 }

    func start() {
        begin(ServerFiles.State()) { [unowned(unsafe) self] in rest() }
    }

    /// PostgreSQL takes no sessions before it is whole, so the first one tells that it is.
    func catchUp(_ member: MemberID) {
        begin(ServerFiles.State(following: member)) { [unowned(unsafe) self] in
            when({ [unowned(unsafe) self] in postgres.details != nil }) { [unowned(unsafe) self] in fence() }
        }
    }

    private func begin(_ state: ServerFiles.State, _ step: @escaping () -> Void) {
        guard postgres.program == nil else { return fail("PostgreSQL runs already") }
        program([configuration.programs + "/pg_controldata", "-D", configuration.data]) {
            [unowned(unsafe) self] code in
            guard code == 0 else { return fail("pg_controldata: \(lastWords)") }
            files.wal.tidy()
            self.state = state
            let least = ControlData.leastSettings(output)
            if let why = files.prepare(state, password: password, least: least) { return fail(why) }
            postgres.start()
            step()
        }
    }

    func fence() {
        putIntoEffect(ServerFiles.State(following: nil, rule: state.rule)) { [unowned(unsafe) self] in rest()
        }
    }

    /// Ends the job when nothing more comes, and all that there is was gone through. PostgreSQL writes a last record only when it
    /// is whole, so what was replayed is all that counts.
    private func rest() {
        let first = postgres.polls
        var seen: (offset: UInt64, count: Int) = (0, 0)
        var last = first
        when({ [unowned(unsafe) self] in
            // The first answer may have been on its way.
            guard postgres.polls > first + 1, postgres.polls != last, let details = postgres.details else {
                return false
            }
            last = postgres.polls
            guard details.isInRecovery, !details.hasReceiver, details.isAtEnd || details.isPaused else {
                seen = (0, 0)
                return false
            }
            seen = seen.offset == details.offset ? (seen.offset, seen.count + 1) : (details.offset, 1)
            return seen.count >= Self.restPolls
        }) { [unowned(unsafe) self] in
            guard let details = postgres.details else { return fail("PostgreSQL does not answer") }
            finish(.rests(postgres.locate(details.offset)))
        }
    }

    func follow(_ member: MemberID) {
        putIntoEffect(ServerFiles.State(following: member, rule: nil)) { [unowned(unsafe) self] in
            finish(.done)
        }
    }

    func promote(_ timeline: UInt32, _ rule: AcknowledgementRule) {
        guard files.wal.fill(below: timeline) else { return fail("the timelines cannot be written") }
        putIntoEffect(ServerFiles.State(following: nil, rule: rule)) { [unowned(unsafe) self] in
            query("SELECT pg_promote(false)") { [unowned(unsafe) self] _ in
                when({ [unowned(unsafe) self] in postgres.details?.isInRecovery == false }) {
                    [unowned(unsafe) self] in
                    guard let details = postgres.details, details.timeline == timeline else {
                        return fail(
                            "PostgreSQL has taken timeline \(postgres.details?.timeline ?? 0), not \(timeline)"
                        )
                    }
                    endRecovery()
                    finish(.promoted(files.wal.history(of: timeline)))
                }
            }
        }
    }

    /// A restored cluster is primary: its later life needs the backup no more.
    private func endRecovery() {
        guard access(files.recoveryFile, F_OK) == 0 else { return }
        unlink(files.recoveryFile)
        if files.write(state) == nil { postgres.reload() }
    }

    /// From the end of this job on each commit is acknowledged by the new rule alone.
    ///
    /// The postmaster has told all its processes before a new session has the setting. A walsender reads it before it takes a
    /// standby's answer to anything that was written later; so when each has such an answer, none goes by the former rule.
    func apply(_ rule: AcknowledgementRule) {
        let former = state.rule
        putIntoEffect(ServerFiles.State(following: nil, rule: rule)) { [unowned(unsafe) self] in
            // Whether anybody is waited for at all is the checkpointer's to tell; it reads before it begins a checkpoint.
            if former.map({ files.names($0) }) == "", files.names(rule) != "" {
                return query("CHECKPOINT") { [unowned(unsafe) self] _ in mark() }
            }
            mark()
        }
    }

    private func mark() {
        // A commit of its own, so that there is something new even on an idle node; it waits for nobody.
        query("SELECT pg_logical_emit_message(true, 'pidep', '')") { [unowned(unsafe) self] _ in
            query("SELECT pg_current_wal_flush_lsn()") { [unowned(unsafe) self] rows in
                guard let text = rows.first?.first ?? nil, let offset = LSN.offset(Array(text.utf8)) else {
                    return fail("PostgreSQL does not say where its log ends")
                }
                let senders = postgres.details?.followers.map { $0.process } ?? []
                let polls = postgres.polls
                when({ [unowned(unsafe) self] in
                    guard postgres.polls > polls + 1, let details = postgres.details else { return false }
                    return details.followers.allSatisfy { follower in
                        !senders.contains(follower.process) || follower.state != "streaming"
                            || follower.flushed >= offset
                    }
                }) { [unowned(unsafe) self] in finish(.applied(offset: offset)) }
            }
        }
    }

    func stop() {
        guard let details = postgres.details, postgres.program != nil else {
            if postgres.program != nil { postgres.stop() }
            return whenStopped(.init(timeline: 0, offset: 0))
        }
        let position = postgres.locate(details.offset)
        postgres.stop()
        whenStopped(position)
    }

    private func whenStopped(_ position: WALPosition) {
        if postgres.program == nil, !postgres.isEnding { return finish(.rests(position)) }
        when({ [unowned(unsafe) self] in postgres.program == nil && !postgres.isEnding }) {
            [unowned(unsafe) self] in
            finish(.rests(position))
        }
    }

    func checkpoint(_ id: UInt64) {
        checkpoint(within: .seconds(3600)) { [unowned(unsafe) self] failure in
            finished?(id, failure.map { .failed($0, isFolderTouched: false) } ?? .done)
        }
    }

    /// In a session of its own, beside whatever goes on; `completion` gets nil, or why there is none.
    func checkpoint(within timeout: Duration, _ completion: @escaping (String?) -> Void) {
        // A session that does not begin answers its question as well, after it has told why.
        var reason: String?
        guard let session = sideSession("pinode checkpoint", { failure in reason = failure }) else {
            return completion("there is no session with PostgreSQL")
        }
        session.ask("CHECKPOINT", within: timeout) { [unowned(unsafe) self] answer in
            end(session)
            switch answer {
            case .rows: completion(nil)
            case .failed(let why, _): completion(reason ?? why)
            }
        }
    }
}
