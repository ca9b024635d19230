/* y = (1 x F x 1) x: one factor of a Kronecker product, k x k, on n numbers; entries of an axis are
   `apart` numbers from one another */
P_APART const P_FLASH float *P_factor(const P_FLASH float *f, const float *x, float *y, int n, int k, int apart)
{
    for (int start = 0; start < n; start += k * apart)
        for (int i = 0; i < k; i++)
            for (int r = start; r < start + apart; r++) {
                float sum = 0;
                for (int j = 0; j < k; j++)
                    sum = sum + f[i * k + j] * x[r + j * apart];
                y[r + i * apart] = sum;
            }
    return f + k * k;
}
