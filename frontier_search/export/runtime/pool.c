/* y = means of `maps` maps of in x in over a grid of out x out windows */
P_APART void P_pool(const float *x, float *y, int maps, int in, int out)
{
    for (; maps; maps--, x += in * in)
        for (int row = 0; row < out; row++)
            for (int column = 0; column < out; column++) {
                int top = row * in / out, bottom = ((row + 1) * in + out - 1) / out;
                int left = column * in / out, right = ((column + 1) * in + out - 1) / out;
                float s = 0;
                for (int i = top; i < bottom; i++)
                    for (int j = left; j < right; j++)
                        s = s + x[i * in + j];
                *y++ = s / (float)((bottom - top) * (right - left));
            }
}
