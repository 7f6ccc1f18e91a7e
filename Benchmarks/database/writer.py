"""Clients that append numbered rows: one a node, each connects to its node alone and tries again and again. So the longest time
without an acknowledged write is the cluster's, not that of a client's way of finding the primary."""

import threading
import time

import psycopg2


class Writer:
    def __init__(self, addresses):
        self.addresses = addresses
        self.acknowledged = []
        self.lock = threading.Lock()
        self.next = 0
        self.running = True
        self.threads = [threading.Thread(target=self.work, args=(a,), daemon=True) for a in addresses]

    @staticmethod
    def connect(address, **more):
        return psycopg2.connect(
            host=address, port=5432, user="bench", password="bench", dbname=more.get("dbname", "bench"),
            connect_timeout=2, sslmode="disable", tcp_user_timeout=2000)

    def start(self):
        for thread in self.threads:
            thread.start()

    def number(self):
        with self.lock:
            self.next += 1
            return self.next

    def work(self, address):
        while self.running:
            try:
                connection = self.connect(address)
                connection.autocommit = True
                cursor = connection.cursor()
                while self.running:
                    number = self.number()
                    cursor.execute("INSERT INTO written(n) VALUES (%s)", (number,))
                    with self.lock:
                        self.acknowledged.append((time.monotonic(), number))
                    time.sleep(0.003)
            except psycopg2.Error:
                time.sleep(0.01)

    def gap(self, start, end):
        """The longest time without an acknowledged write between two moments."""
        with self.lock:
            times = sorted(t for t, _ in self.acknowledged if start - 0.5 <= t <= end)
        points = [t for t in times if t <= start][-1:] + [t for t in times if t > start] + [end]
        return max((b - a for a, b in zip(points, points[1:])), default=end - start)

    def recent(self, seconds):
        with self.lock:
            return sum(1 for t, _ in self.acknowledged[-2000:] if t > time.monotonic() - seconds)

    def missing(self, address):
        connection = self.connect(address)
        cursor = connection.cursor()
        cursor.execute("SELECT n FROM written")
        present = {row[0] for row in cursor.fetchall()}
        connection.close()
        with self.lock:
            return sorted(n for _, n in self.acknowledged if n not in present)
