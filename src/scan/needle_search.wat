;; Finds the positions of up to eight kinds of three-byte sequences, 16 positions at a time: the method of "Teddy" in
;; Intel's Hyperscan and Rust's aho-corasick. For each of the three bytes there is a table by its low and one by its
;; high nibble; bit k of an entry means that a byte with this nibble may be here in kind k. A position is a hit if some
;; bit is left when all six are combined. This finds too much (nibbles of different bytes mix), never too little.
;; Relaxed swizzles are a tenth faster here, and differ from the others only for indices above 15.
(module
  ;; 0..95: the tables, or the spelled bytes; from 128: the bytes to search, followed by at least 80 readable bytes.
  (memory (export "memory") 9)

  ;; The first hit at or after $at and before $end, or -1.
  (func (export "find") (param $at i32) (param $end i32) (result i32)
    (local $low0 v128) (local $high0 v128)
    (local $low1 v128) (local $high1 v128)
    (local $low2 v128) (local $high2 v128)
    (local $nibble v128) (local $bytes v128) (local $hits v128)
    (local.set $low0 (v128.load offset=0 (i32.const 0)))
    (local.set $high0 (v128.load offset=16 (i32.const 0)))
    (local.set $low1 (v128.load offset=32 (i32.const 0)))
    (local.set $high1 (v128.load offset=48 (i32.const 0)))
    (local.set $low2 (v128.load offset=64 (i32.const 0)))
    (local.set $high2 (v128.load offset=80 (i32.const 0)))
    (local.set $nibble (i8x16.splat (i32.const 15)))
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $bytes (v128.load offset=0 (local.get $at)))
        (local.set $hits
          (v128.and
            (i8x16.relaxed_swizzle (local.get $low0) (v128.and (local.get $bytes) (local.get $nibble)))
            (i8x16.relaxed_swizzle (local.get $high0) (i8x16.shr_u (local.get $bytes) (i32.const 4)))))
        (local.set $bytes (v128.load offset=1 (local.get $at)))
        (local.set $hits
          (v128.and
            (local.get $hits)
            (v128.and
              (i8x16.relaxed_swizzle (local.get $low1) (v128.and (local.get $bytes) (local.get $nibble)))
              (i8x16.relaxed_swizzle (local.get $high1) (i8x16.shr_u (local.get $bytes) (i32.const 4))))))
        (local.set $bytes (v128.load offset=2 (local.get $at)))
        (local.set $hits
          (v128.and
            (local.get $hits)
            (v128.and
              (i8x16.relaxed_swizzle (local.get $low2) (v128.and (local.get $bytes) (local.get $nibble)))
              (i8x16.relaxed_swizzle (local.get $high2) (i8x16.shr_u (local.get $bytes) (i32.const 4))))))
        (if (v128.any_true (local.get $hits))
          (then
            ;; The first of the 16 that is not zero.
            (local.set $at
              (i32.add
                (local.get $at)
                (i32.ctz
                  (i32.xor
                    (i8x16.bitmask (i8x16.eq (local.get $hits) (v128.const i64x2 0 0)))
                    (i32.const 0xffff)))))
            (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
            (return (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (i32.const -1))

  ;; The same for a needle with three spelled positions: each allows one byte, or a letter in both cases. 32 positions
  ;; at a time, three times as fast. At 0, 32 and 64 are the bytes expected at the positions $first, $second and $third
  ;; after a hit, at 16, 48 and 80 the bits to ignore there (0x20 for a letter in both cases). The third is compared
  ;; only if the first two match.
  (func (export "find_spelled")
    (param $at i32) (param $end i32) (param $first i32) (param $second i32) (param $third i32) (result i32)
    (local $byte1 v128) (local $mask1 v128)
    (local $byte2 v128) (local $mask2 v128)
    (local $hits v128) (local $more v128)
    (local $place i32)
    (local.set $byte1 (v128.load offset=0 (i32.const 0)))
    (local.set $mask1 (v128.load offset=16 (i32.const 0)))
    (local.set $byte2 (v128.load offset=32 (i32.const 0)))
    (local.set $mask2 (v128.load offset=48 (i32.const 0)))
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $place (i32.add (local.get $at) (local.get $first)))
        (local.set $hits
          (i8x16.eq (v128.or (v128.load offset=0 (local.get $place)) (local.get $mask1)) (local.get $byte1)))
        (local.set $more
          (i8x16.eq (v128.or (v128.load offset=16 (local.get $place)) (local.get $mask1)) (local.get $byte1)))
        (local.set $place (i32.add (local.get $at) (local.get $second)))
        (local.set $hits
          (v128.and
            (local.get $hits)
            (i8x16.eq (v128.or (v128.load offset=0 (local.get $place)) (local.get $mask2)) (local.get $byte2))))
        (local.set $more
          (v128.and
            (local.get $more)
            (i8x16.eq (v128.or (v128.load offset=16 (local.get $place)) (local.get $mask2)) (local.get $byte2))))
        (if (v128.any_true (v128.or (local.get $hits) (local.get $more)))
          (then
            (local.set $place (i32.add (local.get $at) (local.get $third)))
            (local.set $hits
              (v128.and
                (local.get $hits)
                (i8x16.eq
                  (v128.or (v128.load offset=0 (local.get $place)) (v128.load offset=80 (i32.const 0)))
                  (v128.load offset=64 (i32.const 0)))))
            (local.set $more
              (v128.and
                (local.get $more)
                (i8x16.eq
                  (v128.or (v128.load offset=16 (local.get $place)) (v128.load offset=80 (i32.const 0)))
                  (v128.load offset=64 (i32.const 0)))))
            (if (v128.any_true (v128.or (local.get $hits) (local.get $more)))
              (then
                (local.set $at
                  (i32.add
                    (local.get $at)
                    (i32.ctz
                      (i32.or
                        (i8x16.bitmask (local.get $hits))
                        (i32.shl (i8x16.bitmask (local.get $more)) (i32.const 16))))))
                (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
                (return (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br $next)))
    (i32.const -1))

  ;; The offset after the last LF in [$from, $at), or $from. Backwards, 16 bytes at a time; the bytes before $from must
  ;; be readable.
  (func (export "line_start") (param $from i32) (param $at i32) (result i32)
    (local $hits i32)
    (loop $next
      (if (i32.le_u (local.get $at) (local.get $from)) (then (return (local.get $from))))
      (local.set $at (i32.sub (local.get $at) (i32.const 16)))
      (local.set $hits
        (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))
      (br_if $next (i32.eqz (local.get $hits))))
    (local.set $at (i32.add (local.get $at) (i32.sub (i32.const 32) (i32.clz (local.get $hits)))))
    (select (local.get $at) (local.get $from) (i32.gt_u (local.get $at) (local.get $from))))

  ;; The first LF in [$at, $end), or -1.
  (func (export "line_end") (param $at i32) (param $end i32) (result i32)
    (local $hits i32)
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $hits
          (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))
        (if (local.get $hits)
          (then
            (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $hits))))
            (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
            (return (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (i32.const -1)))
