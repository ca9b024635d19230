/* y_t = max(0, (b + K_0 x_t + K_1 x_{t - back} + ...) / 2^shift), (steps, c) -> (wanted, n), of the
   last steps; from the last to the first, so that y may be x */
P_APART const P_FLASH P_number *P_int_causal(const P_FLASH P_number *w, const P_FLASH int32_t *b,
                                             const P_number *x, P_number *y, int32_t *z, int steps,
                                             int wanted, int c, int n, int taps, int back,
                                             int shift)
{
    const P_FLASH P_number *first = w;
    x += steps * c;
    y += wanted * n;
    for (int t = steps; t > steps - wanted; t--) {
        w = first;
        x -= c;
        y -= n;
        for (int i = 0; i < n; i++) {
            int32_t s = b[i];
            for (int tap = 0; tap < taps; tap++) {
                int early = tap * back;
                if (t <= early) {
                    w += c;
                    continue;
                }
                const P_number *past = x - early * c;
                int j = c;
                do {
                    s += (int32_t)*past++ * *w++;
                    P_STEP(w);
                } while (--j);
            }
            z[i] = s;
        }
        P_int_narrow(z, y, n, shift, 0);
    }
    return w;
}
