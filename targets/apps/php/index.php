<?php
// benchrun's PHP app: what a server under test is asked to serve.
//
// Most requests are ordinary ("victims"). Some ask for a fault: the app says so in the
// receipts file, then misbehaves. docs/contract.md, "What an app must serve", is the
// specification. PHP 8.0 and later with the extensions ffi, posix and sockets.
//
// PHP loads the app anew for each request, and frees afterwards what the request has taken.
// What a fault leaves behind is therefore left in C, as a faulty extension does it.

declare(strict_types=1);

const VICTIM_BYTES = 1024;
const BLOCK_BYTES = 64 * 1024;
const MAX_SLEEP_MS = 60_000;
const MIB = 1024 * 1024;

const NESTED_BRACKETS = 1_000_000; // 20,000 are enough for a stack of 8 MiB
const CPU_TURNS = 150_000_000;
const FILE_BYTES = 16 * MIB;
const FILE_READS = 256;
const LEAK_BYTES = 8 * MIB;
const MOST_BLOCKS = 128; // 1 GiB: more than a server of that family may have
const LEAK_FILES = 16;
const RETRY_SECONDS = 5;
const RETRY_PAUSE_US = 50_000;
const SIZES = ['big-response' => 100_000, 'long-body' => 2 * VICTIM_BYTES]; // of the answers' bodies
const DOWNLOAD_BLOCKS = 256;

const O_WRONLY = 1;
const SIG_IGN = 1;
const SIGTERM = 15;
const SIGKILL = 9;

// The faults, by the names after /fault/. Each misbehaves and, if it ever comes out of it,
// returns.
const FAULTS = [
    'wedge' => 'wedge',
    'wedge-spin' => 'wedge_spin',
    'wedge-native' => 'wedge_native',
    'wedge-io' => 'wedge_io',
    'wedge-deaf' => 'wedge_deaf',
    'segfault' => 'segfault',
    'exit-3' => 'exit_3',
    'exit-1' => 'exit_1',
    'abort' => 'abort',
    'sigkill' => 'sigkill',
    'stack-overflow' => 'stack_overflow',
    'cpu' => 'cpu',
    'io' => 'io',
    'slow' => 'slow',
    'legit-slow' => 'legit_slow',
    'exception' => 'exception',
    'broken-pipe' => 'broken_pipe',
    'leak' => 'leak',
    'leak-fd' => 'leak_fd',
    'leak-child' => 'leak_child',
    'oom-kill' => 'oom_kill',
    'db-update' => 'db_update',
    'db-retry' => 'db_retry',
    'short-body' => 'nothing', // the answer is all there is to these: see answer_fault
    'long-body' => 'nothing',
    'big-response' => 'nothing',
];

// The faults that come in the middle of an answer.
const BROKEN_OFF = ['wedge-midstream' => 'wedge', 'crash-midstream' => 'segfault', 'exception-midstream' => 'exception'];

/** Some functions of the C library, which PHP itself does not offer. */
function c(): FFI
{
    static $c = null;
    return $c ??= FFI::cdef('
        int pthread_mutex_lock(void *mutex);
        void *signal(int number, intptr_t handler);
        size_t strlen(const char *text);
        void _exit(int code);
        void abort(void);
        int regcomp(void *compiled, const char *pattern, int flags);
        void *malloc(size_t size);
        void *memset(void *block, int byte, size_t size);
        int open(const char *path, int flags);
        void *popen(const char *command, const char *mode);
    ');
}

/** Takes a new lock twice, as a script does that opens a locked file once more. */
function wedge(): void
{
    $file = tmpfile();
    $again = fopen(stream_get_meta_data($file)['uri'], 'r');
    flock($file, LOCK_EX);
    flock($again, LOCK_EX);
}

/** Loops for ever, and burns all the CPU that it gets. */
function wedge_spin(): void
{
    while (true) {
    }
}

/** Is stuck in a C call. Unlike pause(), this does not return on a signal. */
function wedge_native(): void
{
    $mutex = FFI::new('char[256]'); // all zero: PTHREAD_MUTEX_INITIALIZER
    c()->pthread_mutex_lock(FFI::addr($mutex));
    c()->pthread_mutex_lock(FFI::addr($mutex));
}

/** Waits for a peer that has accepted the connection and never answers. */
function wedge_io(): void
{
    $listener = socket_create_listen(0);
    socket_getsockname($listener, $address, $port);
    $client = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
    socket_connect($client, '127.0.0.1', $port);
    $peer = socket_accept($listener);
    socket_close($listener);
    socket_read($client, 1);
    socket_close($peer);
}

/** Is stuck, and deaf to SIGTERM. */
function wedge_deaf(): void
{
    c()->signal(SIGTERM, SIG_IGN);
    wedge();
}

/** Reads address 0, as a faulty extension would: the process dies. */
function segfault(): void
{
    c()->strlen(null);
}

function exit_3(): void
{
    c()->_exit(3);
}

function exit_1(): void
{
    c()->_exit(1);
}

/** Ends as the C library ends a process whose heap is corrupt. */
function abort(): void
{
    c()->abort();
}

/** Ends as the kernel ends a process when memory runs out. */
function sigkill(): void
{
    posix_kill(getmypid(), SIGKILL);
    wedge();
}

/** Recurses in C: the C library's parser of regular expressions calls itself for each bracket. */
function stack_overflow(): void
{
    $compiled = FFI::new('char[4096]');
    c()->regcomp(FFI::addr($compiled), str_repeat('(', NESTED_BRACKETS), 1);
}

function exception(): void
{
    throw new RuntimeException("the app's own error");
}

/**
 * Writes to a service that has closed the connection. PHP only says so in a notice, which
 * most frameworks turn into an exception.
 */
function broken_pipe(): void
{
    set_error_handler(fn ($level, $text) => throw new ErrorException($text, 0, $level));
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    fclose($theirs);
    fwrite($ours, 'request');
}

function cpu(): void
{
    for ($turn = 0; $turn < CPU_TURNS; $turn++) {
    }
}

/** Reads a big file. It is sparse, so that it takes no room on the disk. */
function io(): void
{
    $file = tmpfile();
    stream_set_read_buffer($file, 0);
    ftruncate($file, FILE_BYTES);
    for ($i = 0; $i < FILE_READS; $i++) {
        rewind($file);
        while (fread($file, BLOCK_BYTES) !== '') {
        }
    }
}

function slow(): void
{
    pause(1.0);
}

function legit_slow(): void
{
    pause(1.5);
}

/** Sleeps, and goes on if a signal ends the sleep early. */
function pause(float $seconds): void
{
    $till = hrtime(true) + (int) ($seconds * 1e9);
    while (($left = $till - hrtime(true)) > 0) {
        usleep(intdiv($left, 1000) + 1);
    }
}

/** Takes memory that PHP does not know of, every page of it written to, and never frees it. */
function leak(): void
{
    $block = c()->malloc(LEAK_BYTES);
    if ($block === null) {
        throw new RuntimeException('no memory left');
    }
    c()->memset($block, 1, LEAK_BYTES);
}

/** Opens files and forgets them. If there is no descriptor left, the request fails. */
function leak_fd(): void
{
    for ($i = 0; $i < LEAK_FILES; $i++) {
        if (c()->open('/dev/null', O_WRONLY) < 0) {
            throw new RuntimeException('no descriptor left');
        }
    }
}

/**
 * Starts a helper and never asks it to end. The helper ends when it has read the last of its
 * input: when the process at the other end of the pipe is gone.
 */
function leak_child(): void
{
    if (c()->popen('exec cat >/dev/null', 'we') === null) {
        throw new RuntimeException('no child started');
    }
}

/**
 * Takes memory until the kernel ends a process of the server. The kernel is asked to take
 * this process first, so that it is the same in each attempt.
 */
function oom_kill(): void
{
    @file_put_contents('/proc/self/oom_score_adj', '1000'); // where it is forbidden, the largest one ends
    for ($i = 0; $i < MOST_BLOCKS; $i++) {
        leak();
    }
}

/**
 * Changes a row that everybody changes, on a connection of its own, without any timeout.
 * benchrun installs the driver for the families that need a database.
 */
function db_update(): void
{
    set_error_handler(fn ($level, $text) => throw new ErrorException($text, 0, $level));
    $database = pg_connect('host=' . attempt()->database . ' user=app dbname=postgres', PGSQL_CONNECT_FORCE_NEW);
    try {
        pg_query($database, 'UPDATE item SET sold = sold + 1 WHERE id = 1');
    } finally {
        pg_close($database);
    }
}

/**
 * Does the same, and once more where the connection breaks, until the database has had some
 * seconds to come back.
 */
function db_retry(): void
{
    $till = hrtime(true) + RETRY_SECONDS * 1_000_000_000;
    while (true) {
        try {
            db_update();
            return;
        } catch (ErrorException $e) {
            if (hrtime(true) > $till) {
                throw $e;
            }
            usleep(RETRY_PAUSE_US);
        }
    }
}

function nothing(): void
{
}

/** attempt.json. Throws if it is not JSON. */
function attempt(): stdClass
{
    static $attempt = null;
    return $attempt ??= json_decode(file_get_contents(__DIR__ . '/attempt.json'), false, 8, JSON_THROW_ON_ERROR);
}

/** Opened before anything misbehaves. Append, and one write per line, keep the lines of many processes apart. */
function write_receipt(string $nonce, string $fault, string $event): void
{
    static $receipts = null;
    $receipts ??= fopen(attempt()->receipts, 'a');
    fwrite($receipts, json_encode([
        'nonce' => $nonce, 'fault' => $fault, 'pid' => getmypid(), 'tid' => getmypid(), // the only thread
        'event' => $event, 't' => hrtime(true),
    ]) . "\n");
}

/**
 * Does a fault between two receipts. PHP ends a script that has run for too long without its
 * finally blocks, but calls its shutdown functions.
 */
function misbehave(string $nonce, string $name, callable $fault): void
{
    $out = function () use ($nonce, $name): void {
        static $done = false;
        if (!$done) {
            $done = true;
            write_receipt($nonce, $name, 'end');
        }
    };
    write_receipt($nonce, $name, 'start');
    register_shutdown_function($out);
    try {
        $fault();
    } finally {
        $out();
    }
}

function pattern(string $nonce, int $size = VICTIM_BYTES): string
{
    return substr(str_repeat($nonce . "\n", intdiv($size, strlen($nonce) + 1) + 1), 0, $size);
}

function head(string $type, ?int $length, int $status = 200): void
{
    http_response_code($status);
    header('Content-Type: ' . $type);
    header('X-Benchrun-Pid: ' . getmypid());
    if ($length !== null) {
        header('Content-Length: ' . $length);
    }
}

function plain(string $nonce): void
{
    head('text/plain', VICTIM_BYTES);
    echo pattern($nonce);
}

function json(array $value): void
{
    $text = json_encode($value);
    head('application/json', strlen($text));
    echo $text;
}

function not_found(): void
{
    head('text/plain', 10, 404);
    echo "not found\n";
}

/** The head of an answer of unknown length, whose blocks a client gets as they come. */
function stream_head(): void
{
    head('text/plain', null);
    header('X-Accel-Buffering: no'); // as nginx asks of an app that streams
    while (ob_get_level() > 0) {
        ob_end_flush();
    }
}

function answer_fault(string $nonce, string $name): void
{
    if (isset(BROKEN_OFF[$name])) {
        stream_head();
        echo pattern($nonce);
        flush();
        misbehave($nonce, $name, BROKEN_OFF[$name]);
        return;
    }
    if (!isset(FAULTS[$name])) {
        not_found();
        return;
    }
    misbehave($nonce, $name, FAULTS[$name]);
    $body = pattern($nonce, SIZES[$name] ?? VICTIM_BYTES);
    head('text/plain', match ($name) {
        'short-body' => strlen($body) * 2, // the other half never comes
        'long-body' => intdiv(strlen($body), 2), // the other half comes all the same
        default => strlen($body),
    });
    echo $body;
}

function answer_sleep(string $nonce, string $ms): void
{
    if (preg_match('/\A[0-9]{1,5}\z/', $ms) !== 1 || (int) $ms > MAX_SLEEP_MS) {
        not_found();
        return;
    }
    misbehave($nonce, 'sleep', fn () => pause((int) $ms / 1000));
    plain($nonce);
}

/** A body that PHP has not read, because it is larger than post_max_size, gets a 413. */
function answer_upload(string $nonce): void
{
    $size = 0;
    $digest = hash_init('sha256');
    $body = fopen('php://input', 'r');
    while (($block = fread($body, BLOCK_BYTES)) !== '' && $block !== false) {
        $size += strlen($block);
        hash_update($digest, $block);
    }
    if ($size === 0 && (int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > 0) {
        head('text/plain', 10, 413);
        echo "too large\n";
        return;
    }
    json(['nonce' => $nonce, 'bytes' => $size, 'sha256' => hash_final($digest)]);
}

/** 16 MiB out of one block, so that only the server holds more of it. */
function answer_download(): void
{
    $block = str_repeat('benchrun', intdiv(BLOCK_BYTES, 8));
    head('application/octet-stream', strlen($block) * DOWNLOAD_BLOCKS);
    for ($i = 0; $i < DOWNLOAD_BLOCKS; $i++) {
        echo $block;
    }
}

/** An answer of unknown length that never ends, of a block each tenth of a second. */
function answer_stream(string $nonce): void
{
    stream_head();
    while (true) {
        echo pattern($nonce);
        flush();
        pause(0.1);
    }
}

function parameter(string $name): string
{
    $value = $_GET[$name] ?? '';
    return is_string($value) ? $value : '';
}

function answer(): void
{
    $path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
    $nonce = parameter('nonce');
    $request = $_SERVER['REQUEST_METHOD'] . ' ' . $path;
    if ($request === 'GET /ping') {
        json(['token' => attempt()->token, 'pid' => getmypid(), 'tid' => getmypid()]);
        return;
    }
    if (preg_match('/\A[0-9a-z-]{1,64}\z/', $nonce) !== 1) {
        not_found();
        return;
    }
    match (true) {
        $request === 'GET /victim' => plain($nonce),
        $request === 'GET /sleep' => answer_sleep($nonce, parameter('ms')),
        $request === 'POST /upload' => answer_upload($nonce),
        $request === 'GET /download' => answer_download(),
        $request === 'GET /stream' => answer_stream($nonce),
        str_starts_with($request, 'GET /fault/') => answer_fault($nonce, substr($path, strlen('/fault/'))),
        default => not_found(),
    };
}

// Some families ask for an app that takes its time to load.
pause((attempt()->load_ms ?? 0) / 1000);
answer();
