"""What one worker process runs beside its requests; made after fork, stopped before exit.

worker     the parts, started and stopped together
tools      what the worker's crawl calls work with
announcer  committed events on their way into Redis
feeds      watched jobs: one reader per job, however many viewers
neighbours where the functions of this machine's workers are
presence   what is away, told once
ownership  orchestrators: started for jobs that have none, handed over when the worker stops
"""
