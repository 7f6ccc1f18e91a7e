import Testing

@testable import Deployment

@Suite struct HTTPProbeTests {
    @Test("a whole answer has its status and body")
    func whole() throws {
        let answer = try HTTPProbe.parse(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".utf8))
        #expect(answer == HTTPProbe.Answer(status: 200, body: "hi"))
    }

    @Test("chunks are put together")
    func chunked() throws {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
        #expect(try HTTPProbe.parse(Array(text.utf8)).body == "abcde")
    }

    @Test(
        "an answer that is not whole is a failure, not a success",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ])
    func broken(text: String) {
        #expect(throws: HTTPProbe.Failure.self) { try HTTPProbe.parse(Array(text.utf8)) }
    }

    @Test("nobody listening is said, with nothing waited for")
    func refused() {
        #expect(throws: HTTPProbe.Failure(reason: "connection refused")) {
            try HTTPProbe("http://127.0.0.1:1/", device: nil).get()
        }
    }
}
