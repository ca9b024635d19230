/* y = the mean of `rows` rows of n numbers */
P_APART void P_mean(const float *x, float *y, int rows, int n)
{
    for (int i = 0; i < n; i++) {
        float s = 0;
        for (int r = 0; r < rows; r++)
            s = s + x[r * n + i];
        y[i] = s / (float)rows;
    }
}
