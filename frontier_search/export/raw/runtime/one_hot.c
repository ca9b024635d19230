/* n inputs that are 0, but for input `at`, which is 1; none if it is below 0 */
P_APART static void P_one_hot(float *x, int n, int at)
{
    for (int i = 0; i < n; i++)
        x[i] = i == at ? 1.0f : 0.0f;
}
