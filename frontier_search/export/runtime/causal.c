/* y_t = max(0, b + K_0 x_t + K_1 x_{t - back} + ...), (steps, c) -> (wanted, n), of the last steps;
   from the last to the first, so that y may be x. The constants are b_1 K_0,1 K_1,1 ... b_2 ... */
P_APART const P_FLASH float *P_causal(const P_FLASH float *w, const float *x, float *y, float *z,
                                      int steps, int wanted, int c, int n, int taps, int back)
{
    const P_FLASH float *first = w;
    x += steps * c;
    y += wanted * n;
    for (int t = steps; t > steps - wanted; t--) {
        w = first;
        x -= c;
        y -= n;
        for (int i = 0; i < n; i++) {
            float s = *w++;
            for (int tap = 0; tap < taps; tap++) {
                int early = tap * back;
                if (t <= early) {
                    w += c;
                    continue;
                }
                const float *past = x - early * c;
                int j = c;
                do {
                    s = s + *past++ * *w++;
                    P_STEP(w);
                } while (--j);
            }
            z[i] = s;
        }
        P_relu_all(z, n);
        for (int i = 0; i < n; i++)
            y[i] = z[i];
    }
    return w;
}
