// benchrun's Node.js app: what a server under test is asked to serve.
//
// Most requests are ordinary ("victims"). Some ask for a fault: the app says so in the
// receipts file, then misbehaves. docs/contract.md, "What an app must serve", is the
// specification. It is a listener of node:http, function (request, response). koffi calls
// C for the faults that JavaScript cannot have by itself.

"use strict";

const { execFileSync, spawn } = require("node:child_process");
const { createHash } = require("node:crypto");
const { once } = require("node:events");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { Worker } = require("node:worker_threads");
const koffi = require("koffi");

const ATTEMPT = JSON.parse(fs.readFileSync(path.join(__dirname, "attempt.json"), "utf8"));

// Blocks the thread, without using it.
function blockFor(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

// Some families ask for an app that takes its time to load.
blockFor(ATTEMPT.load_ms ?? 0);

// Sleeps for at least ms milliseconds. A timer counts whole milliseconds and may end up to one too
// early: then it sleeps again.
async function nap(ms) {
  const until = performance.now() + ms;
  for (let left = ms; left > 0; left = until - performance.now()) await sleep(left);
}

// Opened once, when the app is loaded: a server that has run out of file descriptors can
// still tell what happened to it. O_APPEND, and one write per line, keep the lines of many
// processes apart.
const RECEIPTS = fs.openSync(ATTEMPT.receipts, "a", 0o666);

const NONCE = /^[0-9a-z-]{1,64}$/;
const VICTIM_BYTES = 1024;
const BLOCK_BYTES = 64 * 1024;
const MAX_SLEEP_MS = 60_000;
const MIB = 1024 * 1024;

const NESTED_BRACKETS = 1_000_000; // 20,000 are enough for a stack of 8 MiB
const CPU_TURNS = 400_000_000; // as long as an interpreter takes for 10,000,000
const FILE_BYTES = 16 * MIB;
const FILE_READS = 256;
const LEAK_BYTES = 8 * MIB;
const MOST_BLOCKS = 128; // 1 GiB: more than a server of that family may have
const LEAK_FILES = 16;
const LEAK_THREADS = 4;
const SIZES = { "big-response": 100_000, "long-body": 2 * VICTIM_BYTES }; // of the answers' bodies
const DOWNLOAD_BLOCK = Buffer.from("benchrun".repeat(8192));
const DOWNLOAD_BLOCKS = 256;

const LIBC = koffi.load(null);
const gettid = LIBC.func("int gettid()");

function writeReceipt(nonce, fault, event) {
  const t = Number(process.hrtime.bigint()); // exact up to 104 days
  fs.writeSync(RECEIPTS, JSON.stringify({ nonce, fault, pid: process.pid, tid: gettid(), event, t }) + "\n");
}

// Both ends of a connection.
async function connection() {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = net.connect({ port: listener.address().port, host: "127.0.0.1", allowHalfOpen: true });
  const [peer] = await once(listener, "connection");
  listener.close();
  return [client, peer];
}

function temporary(size, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "benchrun-"));
  const file = fs.openSync(path.join(folder, "file"), "w+");
  fs.rmSync(folder, { recursive: true });
  try {
    fs.ftruncateSync(file, size); // sparse, so that it takes no room on the disk
    return use(file);
  } finally {
    fs.closeSync(file);
  }
}

function compute() {
  let turn = 0;
  while (turn < CPU_TURNS) turn++;
  return turn;
}

const leaked = [];

// The faults, by the name after /fault/. Each misbehaves and, if it ever comes out of it,
// returns or resolves.
const faults = {
  // Takes a lock twice: an await that never returns. The event loop goes on.
  async wedge() {
    const lock = { held: Promise.resolve() };
    const take = () => {
      const before = lock.held;
      lock.held = new Promise(() => {}); // until it is given back
      return before;
    };
    await take();
    await take();
  },

  // Blocks the event loop, and burns all the CPU that it gets.
  "wedge-spin"() {
    for (;;);
  },

  // One of the threads with which Node.js reads files is stuck in C: it opens a pipe that
  // nobody writes to. The event loop goes on.
  async "wedge-native"() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "benchrun-"));
    const pipe = path.join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await fs.promises.open(pipe, "r");
  },

  // The thread of the event loop is stuck in C, so nothing of the process runs any more.
  "wedge-gil"() {
    const lock = LIBC.func("int pthread_mutex_lock(void *mutex)");
    const mutex = Buffer.alloc(256); // all zero: PTHREAD_MUTEX_INITIALIZER
    lock(mutex);
    lock(mutex);
  },

  // Waits for a peer that has accepted the connection and never answers.
  async "wedge-io"() {
    const [client, peer] = await connection();
    await once(client, "data");
    peer.destroy();
  },

  // Tries 2**64 ways to match 65 letters, on the event loop.
  "wedge-regex"() {
    /^(a+)+$/.test("a".repeat(64) + "b");
  },

  // Is stuck, and deaf to SIGTERM.
  async "wedge-deaf"() {
    process.on("SIGTERM", () => {});
    await faults.wedge();
  },

  // Reads address 0, as a faulty addon would: the process dies.
  segfault() {
    LIBC.func("size_t strlen(void *text)")(null);
  },

  "exit-1"() {
    process.reallyExit(1);
  },

  "exit-3"() {
    process.reallyExit(3);
  },

  // Ends as the C library ends a process whose heap is corrupt.
  abort() {
    LIBC.func("void abort()")();
  },

  // Ends as the kernel ends a process when memory runs out.
  sigkill() {
    process.kill(process.pid, "SIGKILL");
    blockFor(MAX_SLEEP_MS);
  },

  // Recurses in C, where V8 does not count the depth: the C library's parser of regular
  // expressions calls itself for each bracket.
  "stack-overflow"() {
    const regcomp = LIBC.func("int regcomp(void *compiled, const char *text, int flags)");
    regcomp(Buffer.alloc(4096), "(".repeat(NESTED_BRACKETS), 1);
  },

  // Holds the event loop, as an addon does that waits for something. A signal ends poll()
  // early: then it waits on.
  starve() {
    const poll = LIBC.func("int poll(void *fds, long n, int ms)");
    const until = performance.now() + 1500;
    while (performance.now() < until) poll(null, 0, Math.ceil(until - performance.now()));
  },

  exception() {
    throw new Error("the app's own error");
  },

  // Writes to a service that has closed the connection, and does not listen for errors.
  async "broken-pipe"() {
    const [client, peer] = await connection();
    peer.destroy();
    client.resume();
    await new Promise((resolve) => client.once("end", resolve));
    for (;;) {
      client.write("request"); // the first one is what the peer refuses
      await sleep(10);
    }
  },

  // Ends as a library does that thinks it is a command.
  "system-exit"() {
    process.exit(3);
  },

  cpu() {
    compute();
  },

  io() {
    temporary(FILE_BYTES, (file) => {
      const block = Buffer.alloc(BLOCK_BYTES);
      for (let i = 0; i < FILE_READS; i++) {
        let at = 0;
        for (let n; (n = fs.readSync(file, block, 0, BLOCK_BYTES, at)) > 0; ) at += n;
      }
    });
  },

  // Computes in a thread and does small reads beside it.
  async "cpu-io"() {
    const worker = new Worker(`${compute}; const CPU_TURNS = ${CPU_TURNS}; compute();`, { eval: true });
    let busy = true;
    worker.once("exit", () => (busy = false));
    const file = await fs.promises.open(__filename, "r");
    while (busy) await file.read(Buffer.alloc(4096), 0, 4096, 0);
    await file.close();
  },

  slow: () => nap(1000),

  "legit-slow": () => nap(1500),

  leak() {
    leaked.push(Buffer.alloc(LEAK_BYTES, 1)); // not zeros: every page is written to
  },

  // Opens files and forgets them. If there is no descriptor left, the request fails.
  "leak-fd"() {
    for (let i = 0; i < LEAK_FILES; i++) leaked.push(fs.openSync("/dev/null"));
  },

  // Starts threads that wait for work until the process ends, as a pool does that is made
  // for one request and never shut down.
  async "leak-thread"() {
    for (let i = 0; i < LEAK_THREADS; i++) {
      const worker = new Worker('require("node:worker_threads").parentPort.on("message", () => {})', { eval: true });
      worker.unref();
      leaked.push(worker);
      await new Promise((resolve) => worker.once("online", resolve));
    }
  },

  // Starts a helper and never asks it to end. The helper ends when it has read the last of
  // its input: when the process at the other end of the pipe is gone.
  "leak-child"() {
    leaked.push(spawn("cat", { stdio: ["pipe", "ignore", "inherit"] }));
  },

  // Takes memory until the kernel ends a process of the server. The kernel is asked to take
  // this process first, so that it is the same in each attempt.
  "oom-kill"() {
    try {
      fs.writeFileSync("/proc/self/oom_score_adj", "1000");
    } catch {
      // where it is forbidden, the largest one ends
    }
    const taken = [];
    for (let i = 0; i < MOST_BLOCKS; i++) taken.push(Buffer.alloc(LEAK_BYTES, 1));
  },

  // The answer is all there is to these: see fault().
  "short-body"() {},
  "long-body"() {},
  "big-response"() {},
};

// The faults that come in the middle of an answer.
const brokenOff = {
  "wedge-midstream": faults.wedge,
  "crash-midstream": faults.segfault,
  "exception-midstream": faults.exception,
};

async function misbehave(nonce, name, fault) {
  writeReceipt(nonce, name, "start");
  try {
    await fault();
  } finally {
    writeReceipt(nonce, name, "end");
  }
}

function pattern(nonce, size = VICTIM_BYTES) {
  return Buffer.alloc(size, nonce + "\n");
}

function reply(response, type, body, length = body.length, status = 200) {
  response.writeHead(status, { "Content-Type": type, "X-Benchrun-Pid": process.pid, "Content-Length": length });
  response.end(body);
}

function begin(response, type) {
  response.writeHead(200, { "Content-Type": type, "X-Benchrun-Pid": process.pid });
}

async function fault(nonce, name, response) {
  if (Object.hasOwn(brokenOff, name)) {
    begin(response, "text/plain");
    response.once("close", () => writeReceipt(nonce, name, "end"));
    response.write(pattern(nonce));
    writeReceipt(nonce, name, "start");
    await sleep(0); // until the block is on its way
    await brokenOff[name]();
    response.end();
    return;
  }
  await misbehave(nonce, name, faults[name]);
  const body = pattern(nonce, SIZES[name]);
  // Of a short body the other half never comes, of a long one it comes all the same.
  const share = { "short-body": 2, "long-body": 0.5 }[name] ?? 1;
  reply(response, "text/plain", body, body.length * share);
}

async function upload(nonce, request, response) {
  const digest = createHash("sha256");
  let bytes = 0;
  try {
    for await (const block of request) {
      bytes += block.length;
      digest.update(block);
    }
  } catch {
    return; // the client is gone
  }
  reply(response, "application/json", Buffer.from(JSON.stringify({ nonce, bytes, sha256: digest.digest("hex") })));
}

// 16 MiB out of one block, so that only the server holds more of it.
async function download(response) {
  response.writeHead(200, {
    "Content-Type": "application/octet-stream",
    "X-Benchrun-Pid": process.pid,
    "Content-Length": DOWNLOAD_BLOCK.length * DOWNLOAD_BLOCKS,
  });
  const gone = once(response, "close");
  for (let i = 0; i < DOWNLOAD_BLOCKS && !response.destroyed; i++) {
    if (!response.write(DOWNLOAD_BLOCK)) {
      const room = new Promise((resolve) => response.once("drain", resolve));
      await Promise.race([room, gone]);
    }
  }
  response.end();
}

// An answer that never ends, of a block each tenth of a second.
function stream(nonce, response) {
  begin(response, "text/plain");
  const each = () => response.write(pattern(nonce));
  const timer = setInterval(each, 100);
  response.once("close", () => clearInterval(timer));
  each();
}

async function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  const nonce = url.searchParams.get("nonce") ?? "";
  const name = url.pathname.startsWith("/fault/") ? url.pathname.slice("/fault/".length) : "";
  const what = `${request.method} ${url.pathname}`;
  if (what === "GET /ping") {
    const told = { token: ATTEMPT.token, pid: process.pid, tid: gettid() };
    return reply(response, "application/json", Buffer.from(JSON.stringify(told)));
  }
  if (NONCE.test(nonce)) {
    if (what === "GET /victim") return reply(response, "text/plain", pattern(nonce));
    if (what === "POST /upload") return upload(nonce, request, response);
    if (what === "GET /download") return download(response);
    if (what === "GET /stream") return stream(nonce, response);
    if (request.method === "GET" && (Object.hasOwn(faults, name) || Object.hasOwn(brokenOff, name))) {
      return fault(nonce, name, response);
    }
    const ms = url.searchParams.get("ms") ?? "";
    if (what === "GET /sleep" && /^[0-9]{1,5}$/.test(ms) && Number(ms) <= MAX_SLEEP_MS) {
      await misbehave(nonce, "sleep", () => nap(Number(ms)));
      return reply(response, "text/plain", pattern(nonce));
    }
  }
  reply(response, "text/plain", Buffer.from("not found\n"), undefined, 404);
}

module.exports = answer;
