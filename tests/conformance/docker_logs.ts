import { bytes, Lcg, nineDigits, type Stream, three, two } from "./log_parts.ts";

/** A line in dockerd's format: Go's encoder escapes < > &. */
function docker(time: string, log: string, stream: Stream = "stdout"): string {
  const text = JSON.stringify(log)
    .replaceAll("&", "\\u0026").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
  return `{"log":${text},"stream":"${stream}","time":"${time}"}\n`;
}

export function dockerBasic(): string {
  const time = (i: number) => `2024-10-02T08:00:${two(i)}.${String(i).padStart(9, "0")}Z`;
  return [
    docker(time(0), "plain line\n"),
    docker(time(1), "stderr line\n", "stderr"),
    docker(time(2), 'tab\there quote " backslash \\ end\n'),
    `{"log":"solidus \\/ and \\u0041\\u00e9\\u4e16 escaped\\n","stream":"stdout","time":"${
      time(3)
    }"}\n`,
    `{"log":"pair \\ud83d\\ude00 grin\\n","stream":"stdout","time":"${time(4)}"}\n`,
    `{"log":"lone \\ud83d surrogate\\n","stream":"stdout","time":"${time(5)}"}\n`,
    docker(time(6), "<tag> & more\n"),
    `{"log":"\\u001b[31mred\\u001b[0m \\u001b[1mbold\\u001b[0m\\n","stream":"stdout","time":"${
      time(7)
    }"}\n`,
    docker(time(8), "raw utf-8 \u00e9\u4e16\u754c\u{1f600}\n"),
    docker(time(9), "no newline at the end"),
    `{"log":"with attrs\\n","stream":"stdout","attrs":{"tag":"blue","log":"decoy"},"time":"${
      time(10)
    }"}\n`,
    `{"time":"${time(11)}","stream":"stderr","log":"keys in another order\\n"}\n`,
    `{ "log" : "blanks in the json\\n" , "stream" : "stdout" , "time" : "${time(12)}" }\n`,
    docker(time(13), "\n"),
    docker(time(14), "   \n"),
    docker(time(15), "crlf line\r\n"),
    '{"log":"cut off in the mid\n',
    "not json at all\n",
    "\n",
    "[1,2,3]\n",
    `{"stream":"stdout","time":"${time(16)}"}\n`,
    '{"log":"no time\\n","stream":"stdout"}\n',
    `{"log":17,"stream":"stdout","time":"${time(17)}"}\n`,
    '{"log":"bad time\\n","stream":"stdout","time":"yesterday"}\n',
    '{"log":"offset time\\n","stream":"stdout","time":"2024-10-02T10:00:18.5+02:00"}\n',
    docker(time(20), "last, with no line end in the file\n").slice(0, -1),
  ].join("");
}

export function dockerBadByte(): Uint8Array {
  return bytes(
    docker("2024-10-02T08:05:00.1Z", "before\n") +
      '{"log":"bad byte \xff here\\n","stream":"stdout","time":"2024-10-02T08:05:01.1Z"}\n' +
      docker("2024-10-02T08:05:02.1Z", "after\n"),
  );
}

/** dockerd splits long lines into pieces of 16 KiB: only the last one ends with a newline. */
export function dockerChunks(): string {
  return docker("2024-10-02T08:10:00.1Z", "short\n") +
    docker("2024-10-02T08:10:01.1Z", "0123456789abcdef".repeat(1024)) +
    docker("2024-10-02T08:10:01.2Z", "ghijklmnopqrstuv".repeat(1024)) +
    docker("2024-10-02T08:10:01.3Z", "the rest\n") +
    docker("2024-10-02T08:10:02.1Z", "short again\n", "stderr") +
    docker("2024-10-02T08:10:03.1Z", "half-written and never ended").slice(0, 50);
}

export function dockerSeek(): string {
  const random = new Lcg(99n);
  let text = "";
  let time = 0;
  for (let i = 0; i < 400; i++) {
    if (random.next(3) > 0) time += 1 + random.next(500) * 1e6;
    text += docker(
      nineDigits(1727856000, time),
      `entry ${three(i)} ${"y".repeat(random.next(40))}\n`,
    );
  }
  return text;
}
