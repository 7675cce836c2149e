require_relative "app"
run BenchrunApp
