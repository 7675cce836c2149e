# benchrun's Rack app: what a server under test is asked to serve.
#
# Most requests are ordinary ("victims"). Some ask for a fault: the app says so in the
# receipts file, then misbehaves. docs/contract.md, "What an app must serve", is the
# specification. Standard library only, Ruby 3.0 and later.

require "digest"
require "fiddle"
require "json"
require "socket"
require "tempfile"
require "uri"

module BenchrunApp
  ATTEMPT = JSON.parse(File.read(File.join(__dir__, "attempt.json")))

  # Some families ask for an app that takes its time to load.
  sleep ATTEMPT.fetch("load_ms", 0) / 1000.0

  # Opened once, when the app is loaded: a server that has run out of file descriptors can
  # still tell what happened to it. APPEND, and one write per line, keep the lines of many
  # processes apart.
  RECEIPTS = File.open(ATTEMPT["receipts"], File::WRONLY | File::APPEND | File::CREAT, 0o666)

  NONCE = /\A[0-9a-z-]{1,64}\z/
  VICTIM_BYTES = 1024
  BLOCK_BYTES = 64 * 1024
  MAX_SLEEP_MS = 60_000
  MIB = 1024 * 1024

  NESTED_BRACKETS = 1_000_000 # 20,000 are enough for a stack of 8 MiB
  CPU_TURNS = 10_000_000
  FILE_BYTES = 16 * MIB
  FILE_READS = 256
  LEAK_BYTES = 8 * MIB
  MOST_BLOCKS = 128 # 1 GiB: more than a server of that family may have
  LEAK_FILES = 16
  LEAK_THREADS = 4
  RETRY_SECONDS = 5
  RETRY_PAUSE = 0.05
  POOL_CONNECTIONS = 5 # of each process
  SIZES = {"big-response" => 100_000, "long-body" => 2 * VICTIM_BYTES} # of the answers' bodies
  DOWNLOAD_BLOCK = "benchrun".b * 8192
  DOWNLOAD_BLOCKS = 256

  # A function of the C library. Fiddle releases the interpreter's lock for the call,
  # unless hold is true.
  def self.c(name, takes, gives = Fiddle::TYPE_INT, hold: false)
    Fiddle::Function.new(Fiddle.dlopen(nil)[name], takes, gives, name: name, need_gvl: hold)
  end

  # Asks the kernel each time: a forked worker may know the thread of its parent only.
  GETTID = c("gettid", [], hold: true)

  def self.write_receipt(nonce, fault, event)
    RECEIPTS.syswrite(JSON.generate(
      nonce: nonce, fault: fault, pid: Process.pid, tid: GETTID.call, event: event,
      t: Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
    ) + "\n")
  end

  # The faults. Each misbehaves and, if it ever comes out of it, returns.
  module Faults
    module_function

    # Two threads take two locks in opposite order. Ruby finds out if one thread takes a
    # lock twice, or if all threads of a process wait for ever, and raises. So the other
    # thread looks for its second lock once a second.
    def wedge
      first, second, has = Mutex.new, Mutex.new, Queue.new
      Thread.new do
        second.synchronize do
          has << true
          sleep 1 until first.try_lock
        end
      end
      first.synchronize do
        has.pop
        second.lock
      end
    end

    # Loops for ever, and burns all the CPU that it gets.
    def wedge_spin
      while true
      end
    end

    # Is stuck in a C call, with the interpreter's lock released.
    def wedge_native = lock_mutex_twice(hold: false)

    # Is stuck in a C call and takes the whole process along: the interpreter's lock is
    # held during the call.
    def wedge_gil = lock_mutex_twice(hold: true)

    # Unlike pause(), this does not return on a signal: the C library waits on.
    def lock_mutex_twice(hold:)
      lock = BenchrunApp.c("pthread_mutex_lock", [Fiddle::TYPE_VOIDP], hold: hold)
      mutex = "\0".b * 256 # all zero: PTHREAD_MUTEX_INITIALIZER
      2.times { lock.call(mutex) }
    end

    # Waits for a peer that has accepted the connection and never answers.
    def wedge_io
      listener = TCPServer.new("127.0.0.1", 0)
      client = TCPSocket.new("127.0.0.1", listener.local_address.ip_port)
      peer = listener.accept
      listener.close
      client.read(1)
    ensure
      peer&.close
    end

    # Tries 2**64 ways to match 64 letters. The reference back keeps a newer Ruby from
    # remembering what it has tried.
    def wedge_regex
      /\A(a+)+\1\z/.match?("a" * 64 + "b")
    end

    # Is stuck, and deaf to SIGTERM.
    def wedge_deaf
      Signal.trap("TERM", "IGNORE")
      wedge
    end

    # Reads address 0, as a faulty C extension would: the process dies.
    def segfault
      BenchrunApp.c("strlen", [Fiddle::TYPE_VOIDP], Fiddle::TYPE_SIZE_T).call(nil)
    end

    def exit_1 = exit!(1)

    def exit_3 = exit!(3)

    # Ends as the C library ends a process whose heap is corrupt.
    def abort = BenchrunApp.c("abort", [], Fiddle::TYPE_VOID).call

    # Ends as the kernel ends a process when memory runs out.
    def sigkill
      Process.kill(:KILL, Process.pid)
      sleep
    end

    # Recurses in C, where Ruby does not count the depth: the C library's parser of regular
    # expressions calls itself for each bracket.
    def stack_overflow
      regcomp = BenchrunApp.c("regcomp", [Fiddle::TYPE_VOIDP, Fiddle::TYPE_VOIDP, Fiddle::TYPE_INT])
      regcomp.call("\0".b * 4096, "(" * NESTED_BRACKETS, 1)
    end

    # Waits in C with the interpreter's lock held, as an extension does that forgot to
    # release it. A signal ends poll() early: then it waits on.
    def starve
      poll = BenchrunApp.c("poll", [Fiddle::TYPE_VOIDP, Fiddle::TYPE_LONG, Fiddle::TYPE_INT], hold: true)
      now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
      till = now.call + 1.5
      poll.call(nil, 0, ((till - now.call) * 1000).to_i + 1) while now.call < till
    end

    def exception = raise("the app's own error")

    # Writes to a service that has closed the connection. The same exception says that the
    # client is gone, and it is not.
    def broken_pipe
      ours, theirs = UNIXSocket.pair
      theirs.close
      ours.write("request")
    ensure
      ours&.close
    end

    # Ends as a library does that thinks it is a command.
    def system_exit = exit(3)

    def cpu
      turn = 0
      turn += 1 while turn < CPU_TURNS
    end

    # Reads a big file. It is sparse, so that it takes no room on the disk.
    def io
      Tempfile.create("benchrun") do |file|
        file.truncate(FILE_BYTES)
        FILE_READS.times do
          file.sysseek(0)
          begin
            file.sysread(BLOCK_BYTES) while true
          rescue EOFError
            next
          end
        end
      end
    end

    # Computes in a thread and does small reads beside it: each read gives up the
    # interpreter's lock, and has to wait to get it back.
    def cpu_io
      computing = Thread.new { cpu }
      Tempfile.create("benchrun") do |file|
        file.truncate(4096)
        while computing.alive?
          file.sysseek(0)
          file.sysread(4096)
        end
      end
      computing.join
    end

    def slow = sleep(1)

    def legit_slow = sleep(1.5)

    LEAKED = []

    def leak = LEAKED << "\1".b * LEAK_BYTES # not zeros: every page is written to

    # Opens files and forgets them. If there is no descriptor left, the request fails.
    def leak_fd = LEAK_FILES.times { LEAKED << File.open(File::NULL) }

    # Starts threads that wait for work until the process ends, as a pool does that is made
    # for one request and never shut down.
    def leak_thread = LEAK_THREADS.times { LEAKED << Thread.new { Queue.new.pop } }

    # Starts a helper and never asks it to end. The helper ends when it has read the last
    # of its input: when the process at the other end of the pipe is gone.
    def leak_child
      LEAKED << IO.popen(["cat"], "w", out: File::NULL)
    end

    # A new connection, without any timeout. benchrun installs the driver for the families
    # that need a database.
    def open_database
      require "pg"
      PG.connect(host: ATTEMPT["database"], user: "app", dbname: "postgres")
    end

    # Changes a row that everybody changes, on a connection of its own.
    def db_update
      connection = open_database
      connection.exec("UPDATE item SET sold = sold + 1 WHERE id = 1")
    ensure
      connection&.close
    end

    # Does the same, and once more where the connection breaks, until the database has had
    # some seconds to come back.
    def db_retry
      till = Process.clock_gettime(Process::CLOCK_MONOTONIC) + RETRY_SECONDS
      begin
        db_update
      rescue StandardError # PG::Error, as soon as the driver is loaded
        raise if Process.clock_gettime(Process::CLOCK_MONOTONIC) > till
        sleep RETRY_PAUSE
        retry
      end
    end

    POOL = SizedQueue.new(POOL_CONNECTIONS)
    NEVER_RETURNED = []

    # Takes a connection of the pool and never returns it. Who finds the pool empty waits,
    # without any timeout.
    def db_keep
      POOL << true
      NEVER_RETURNED << open_database
      NEVER_RETURNED.last.exec("SELECT sold FROM item WHERE id = 1")
    end

    # Takes memory until the kernel ends a process of the server. The kernel is asked to
    # take this process first, so that it is the same in each attempt.
    def oom_kill
      begin
        File.write("/proc/self/oom_score_adj", "1000")
      rescue SystemCallError
        # where it is forbidden, the largest one ends
      end
      Array.new(MOST_BLOCKS) { "\1".b * LEAK_BYTES }
      nil
    end

    # The answer is all there is to these: see BenchrunApp.call.
    def short_body = nil

    def long_body = nil

    def big_response = nil
  end

  NAMES = %w[
    wedge wedge-spin wedge-native wedge-gil wedge-io wedge-regex wedge-deaf segfault exit-3 exit-1 abort sigkill
    stack-overflow cpu io cpu-io slow big-response legit-slow starve exception broken-pipe system-exit leak leak-fd
    leak-thread leak-child oom-kill short-body long-body db-update db-retry db-keep
  ].freeze

  # The faults that come in the middle of an answer.
  BROKEN_OFF = {
    "wedge-midstream" => :wedge, "crash-midstream" => :segfault, "exception-midstream" => :exception
  }.freeze

  # An answer of unknown length that breaks off: it has one block, and where the next should
  # come the fault does. close writes the end receipt, which shows that the server calls it.
  class BrokenOffBody
    def initialize(nonce, name)
      @nonce, @name = nonce, name
    end

    def each
      yield BenchrunApp.pattern(@nonce)
      BenchrunApp.write_receipt(@nonce, @name, "start")
      Faults.public_send(BROKEN_OFF[@name])
    end

    def close = BenchrunApp.write_receipt(@nonce, @name, "end")
  end

  # An answer of unknown length that never ends, of a block each tenth of a second.
  class EndlessBody
    def initialize(nonce)
      @nonce = nonce
    end

    def each
      loop do
        yield BenchrunApp.pattern(@nonce)
        sleep 0.1
      end
    end
  end

  module_function

  # The Rack callable.
  def call(env)
    nonce = parameter(env, "nonce")
    answer =
      case [env["REQUEST_METHOD"], env["PATH_INFO"]]
      in ["GET", "/ping"] then json(token: ATTEMPT["token"], pid: Process.pid, tid: GETTID.call)
      in _ unless NONCE.match?(nonce) then nil
      in ["GET", "/victim"] then plain(nonce)
      in ["GET", "/sleep"] then nap(nonce, parameter(env, "ms"))
      in ["POST", "/upload"] then upload(nonce, env["rack.input"])
      in ["GET", "/download"] then download
      in ["GET", "/stream"] then reply("text/plain", EndlessBody.new(nonce), nil)
      in ["GET", %r{\A/fault/}] then fault(nonce, env["PATH_INFO"].delete_prefix("/fault/"))
      else nil
      end
    answer || reply("text/plain", ["not found\n"], 10, status: 404)
  end

  def nap(nonce, ms)
    return unless /\A[0-9]{1,5}\z/.match?(ms) && ms.to_i <= MAX_SLEEP_MS
    misbehave(nonce, "sleep") { sleep ms.to_i / 1000.0 }
    plain(nonce)
  end

  def fault(nonce, name)
    return reply("text/plain", BrokenOffBody.new(nonce, name), nil) if BROKEN_OFF.key?(name)
    return unless NAMES.include?(name)
    misbehave(nonce, name) { Faults.public_send(name.tr("-", "_")) }
    body = pattern(nonce, SIZES.fetch(name, VICTIM_BYTES))
    length =
      case name
      when "short-body" then body.bytesize * 2 # the other half never comes
      when "long-body" then body.bytesize / 2 # the other half comes all the same
      else body.bytesize
      end
    reply("text/plain", [body], length)
  end

  def misbehave(nonce, name)
    write_receipt(nonce, name, "start")
    yield
  ensure
    write_receipt(nonce, name, "end") # also when a watchdog broke the wedge by an exception
  end

  def upload(nonce, input)
    size, digest = 0, Digest::SHA256.new
    while (block = input.read(BLOCK_BYTES))
      size += block.bytesize
      digest << block
    end
    json(nonce: nonce, bytes: size, sha256: digest.hexdigest)
  end

  # 16 MiB out of one block, so that only the server holds more of it.
  def download
    reply("application/octet-stream", [DOWNLOAD_BLOCK] * DOWNLOAD_BLOCKS, DOWNLOAD_BLOCK.bytesize * DOWNLOAD_BLOCKS)
  end

  def parameter(env, name) = URI.decode_www_form(env["QUERY_STRING"].to_s).assoc(name)&.last.to_s

  def pattern(nonce, size = VICTIM_BYTES)
    line = "#{nonce}\n".b
    (line * (size / line.bytesize + 1)).byteslice(0, size)
  end

  def plain(nonce) = reply("text/plain", [pattern(nonce)], VICTIM_BYTES)

  def json(value)
    text = JSON.generate(value)
    reply("application/json", [text], text.bytesize)
  end

  # The names of the headers suit Rack 2 and 3.
  def reply(type, body, length, status: 200)
    headers = {"content-type" => type, "x-benchrun-pid" => Process.pid.to_s}
    headers["content-length"] = length.to_s if length
    [status, headers, body]
  end
end
